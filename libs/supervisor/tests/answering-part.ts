import { join } from 'node:path'
import { machineEnvironment, probeHttp, type ProcessPart } from '@studio/supervisor'

/** A part that is a tiny HTTP server; `how` makes it die, never get ready, or ignore SIGTERM. */
export function answeringPart(
  name: string,
  options: { port: number; dependsOn?: string[]; how?: 'die' | 'never' | 'stubborn'; deadlineMs?: number },
): ProcessPart {
  const url = `http://127.0.0.1:${options.port}`
  const script = join(import.meta.dirname, 'answering-part.mjs')
  return {
    kind: 'process',
    name,
    dependsOn: options.dependsOn ?? [],
    port: options.port,
    url,
    deadlineMs: options.deadlineMs ?? 30_000,
    stopSignal: 'SIGTERM',
    stopGraceMs: 500,
    command: () => ({
      file: process.execPath,
      args: [script, String(options.port), ...(options.how ? [options.how] : [])],
      cwd: import.meta.dirname,
      env: machineEnvironment(process.env),
    }),
    probe: (signal) => probeHttp(url, signal),
  }
}
