import type { Logger } from '@studio/telemetry'
import { createCoalescer } from './domain/coalesce.ts'
import type { AppliedDelta, DeltaEnd, DeltaStore, Recorder } from './domain/ports.ts'
import { recordingFailed } from './telemetry.ts'

// One outbox row holds the facts of one tenant and statement, and a NATS message at most 1 MiB.
const maximumRows = 500

/** Records ends and providers' deltas in the background; `settled` waits for what is recorded by now. */
export function createRecorder(store: DeltaStore, log: Logger): Recorder & { settled(): Promise<void> } {
  const onError = (error: unknown, deltas: number): void => recordingFailed(log, error, deltas)
  const ends = createCoalescer<DeltaEnd>(maximumRows, (batch) => store.endDeltas(batch), onError)
  const applied = createCoalescer<AppliedDelta>(maximumRows, (batch) => store.insertApplied(batch), onError)
  return {
    end: (end) => ends.push(end),
    applied: (delta) => applied.push(delta),
    settled: async () => void (await Promise.all([ends.settled(), applied.settled()])),
  }
}
