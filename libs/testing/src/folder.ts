import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const prefix = 'studio-test-'

/**
 * A new throwaway folder. Its name carries the process that it belongs to; folders of processes that are gone (killed before
 * they could tidy up) are removed on the way.
 */
export async function throwawayFolder(): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]
    if (owner && !isRunning(Number(owner))) await remove(join(tmpdir(), name)).catch(() => undefined)
  }
  return mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`))
}

/** Removes a folder with all that is in it; tries again where something was still writing. */
export const remove = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 5 })

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process is there, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
