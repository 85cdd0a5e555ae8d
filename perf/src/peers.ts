import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const mostMs = 600_000

/**
 * The JSON that a script of perf/peers prints, run with one package of PyPI, which is installed into .tools/peers at the first time; null where
 * there is no Python that can have it.
 */
export async function runPeer<Answer>(name: string, packageAt: string, script: string): Promise<Answer | null> {
  const folder = fileOf(`../../.tools/peers/${name}`)
  const python = `${folder}/bin/python`
  const environment = { timeout: mostMs, maxBuffer: 64 * 2 ** 20 }
  try {
    if (!existsSync(python)) await run('python3', ['-m', 'venv', folder])
    await run(python, ['-m', 'pip', 'install', '--quiet', packageAt], environment)
    const { stdout } = await run(python, [fileOf(`../peers/${script}`)], environment)
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Answer
  } catch (error) {
    process.stderr.write(`${packageAt} is left out: ${String(error).slice(0, 300)}\n`)
    return null
  }
}
