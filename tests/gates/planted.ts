import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')

const configurations = ['tsconfig.json', 'eslint.config.mjs', '.prettierrc.json', '.prettierignore']
const manifest = { name: 'planted', private: true, type: 'module', workspaces: ['libs/*'] }

/** A small project under the real configuration, made of these files; `remove` takes it away. */
export async function plant(
  files: Record<string, string>,
  copied = configurations,
): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'studio-gate-'))
  for (const name of copied) await cp(join(root, name), join(folder, name), { recursive: true })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

export type Outcome = { code: number; output: string }

/** Runs a command of the project on a planted one: a path from the root and its arguments, by the Node of this test. */
export async function runGate([script, ...args]: string[], folder: string): Promise<Outcome> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      [join(root, script!), ...args],
      { cwd: folder, timeout: 60_000, maxBuffer: 1 << 24 },
      (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0
        done({ code, output: stdout + stderr })
      },
    )
  })
}

/** Plants, runs, takes away. */
export async function gateOn(command: string[], files: Record<string, string>, copied?: string[]): Promise<Outcome> {
  const { folder, remove } = await plant(files, copied)
  try {
    return await runGate(command, folder)
  } finally {
    await remove()
  }
}
