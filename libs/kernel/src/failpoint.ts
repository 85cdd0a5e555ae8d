import { existsSync, writeFileSync } from 'node:fs'

/**
 * A named place at which a fault test may end this process by SIGKILL, as a power cut would. Off unless STUDIO_FAILPOINTS
 * names it: a list of `name=file` joined by `;`. It fires once: the file is the proof that it did, and keeps a restarted process
 * from firing again.
 */
const armed = new Map(
  (process.env['STUDIO_FAILPOINTS'] ?? '')
    .split(';')
    .filter(Boolean)
    .map((entry) => entry.split('=', 2) as [string, string]),
)

export function failpoint(name: string): void {
  if (armed.size === 0) return
  const proof = armed.get(name)
  if (proof === undefined || existsSync(proof)) return
  writeFileSync(proof, `${name} ${process.pid}\n`)
  process.kill(process.pid, 'SIGKILL')
}
