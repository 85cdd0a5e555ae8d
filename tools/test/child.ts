import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

/** The repository. */
export const root = resolve(import.meta.dirname, '../..')

/** A child that ended or was ended; `output` is what it wrote to both streams, in order. */
export type Ended = { code: number | null; output: string; stopped?: string }

/**
 * Runs Node with these arguments at the root, in a process group of its own that is ended as a whole: when `giveUp`
 * resolves to a reason (its signal aborts when the child has ended by itself), and when this process goes.
 */
export async function runNode(
  args: string[],
  env: NodeJS.ProcessEnv,
  giveUp: (signal: AbortSignal) => Promise<string>,
): Promise<Ended> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk))

  const endGroup = () => {
    try {
      if (child.pid) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // The group has gone by itself.
    }
  }
  const interrupted = () => {
    endGroup()
    process.exit(130)
  }
  process.once('exit', endGroup)
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)

  let stopped: string | undefined
  const over = new AbortController()
  giveUp(over.signal).then(
    (reason) => {
      stopped = reason
      endGroup()
    },
    () => undefined, // aborted: the child was in time
  )
  const code = await new Promise<number | null>((done) => child.once('error', () => done(127)).once('close', done))
  over.abort()
  process.off('exit', endGroup)
  process.off('SIGINT', interrupted)
  process.off('SIGTERM', interrupted)
  return { code, output: Buffer.concat(chunks).toString(), stopped }
}
