import type { Logger } from '@studio/telemetry'
import { sweep, type SweepPorts } from './domain/sweep.ts'
import { sweepFailed } from './telemetry.ts'

/** Sweeps every `everyMs`, never twice at a time; `close` waits for a sweep that runs. */
export function startSweeper(
  ports: SweepPorts,
  { everyMs, log }: { everyMs: number; log: Logger },
): { close(): Promise<void> } {
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running ??= sweep(ports)
      .catch((error: unknown) => sweepFailed(log, error))
      .finally(() => (running = undefined))
  }, everyMs)
  return {
    close: async () => {
      clearInterval(timer)
      await running
    },
  }
}
