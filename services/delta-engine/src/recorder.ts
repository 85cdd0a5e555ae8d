import { isStudioError } from '@studio/kernel'
import type { Logger } from '@studio/telemetry'
import { setTimeout as pause } from 'node:timers/promises'
import { createCoalescer } from './domain/coalesce.ts'
import type { AppliedDelta, DeltaEnd, DeltaStore, Recorder } from './domain/ports.ts'
import { recordingFailed } from './telemetry.ts'

// One outbox row holds the facts of one tenant and statement, and a NATS message at most 1 MiB.
const maximumRows = 500

/** A database that starts again is there after a second or two. What it is still away for the sweeper mends, a minute later. */
const pausesMs = [100, 300, 600, 1000, 2000]

/** Records ends and providers' deltas in the background; `settled` waits for what is recorded by now. */
export function createRecorder(store: DeltaStore, log: Logger): Recorder & { settled(): Promise<void> } {
  const onError = (error: unknown, deltas: number): void => recordingFailed(log, error, deltas)
  const ends = createCoalescer<DeltaEnd>(maximumRows, (batch) => patiently(() => store.endDeltas(batch)), onError)
  const applied = createCoalescer<AppliedDelta>(
    maximumRows,
    (batch) => patiently(() => store.insertApplied(batch)),
    onError,
  )
  return {
    end: (end) => ends.push(end),
    applied: (delta) => applied.push(delta),
    settled: async () => void (await Promise.all([ends.settled(), applied.settled()])),
  }
}

/** Said twice both statements change nothing more. */
async function patiently<Result>(record: () => Promise<Result>): Promise<Result> {
  for (const pauseMs of pausesMs) {
    try {
      return await record()
    } catch (error) {
      if (!isStudioError(error, 'dependency_unavailable')) throw error
      await pause(pauseMs)
    }
  }
  return await record()
}
