import { isStudioError, StudioError } from '@studio/kernel'
import { setTimeout as sleep } from 'node:timers/promises'

const usualPatienceMs = 45_000

/**
 * Repeats a request while a part of the studio is away, for 45 s on top of what the client itself waits: a restarting service must not use up
 * a provider's attempts. In the end it throws `dependency_unavailable`, also for a timeout: that was the studio's, not the provider's. Other errors
 * are thrown on.
 */
export async function patiently<Answer>(
  signal: AbortSignal,
  request: () => Promise<Answer>,
  patienceMs = usualPatienceMs,
): Promise<Answer> {
  const deadline = performance.now() + patienceMs
  for (let pause = 200; ; pause = Math.min(pause * 2, 2000)) {
    try {
      return await request()
    } catch (error) {
      if (!isAway(error) || signal.aborted) throw error
      if (performance.now() > deadline) {
        throw new StudioError('dependency_unavailable', 'A part of the studio does not answer.', { cause: error })
      }
    }
    await sleep(pause, undefined, { signal })
  }
}

/** Whether a part of the studio did not answer, or not in time. */
export function isAway(error: unknown): boolean {
  return isStudioError(error, 'dependency_unavailable') || isStudioError(error, 'timeout')
}
