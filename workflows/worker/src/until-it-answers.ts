import { isStudioError } from '@studio/kernel'
import type { Logger } from '@studio/telemetry'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitingFor } from './telemetry.ts'

const pauseMs = 500

/** Repeats a request at start-up until the other side is there; other refusals are thrown. */
export async function untilItAnswers<Answer>(
  part: string,
  log: Logger,
  signal: AbortSignal,
  request: () => Promise<Answer>,
): Promise<Answer> {
  for (;;) {
    signal.throwIfAborted()
    try {
      return await request()
    } catch (error) {
      if (isStudioError(error) && !error.retryable) throw error
      waitingFor(log, part, error)
    }
    await sleep(pauseMs, undefined, { signal })
  }
}
