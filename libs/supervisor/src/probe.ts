import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from './error-shape.ts'

/** Thrown when a deadline passes; carries what the last attempt said. */
export class DeadlineMissed extends Error {
  readonly code = 'deadline_missed'
}

/**
 * Tries `attempt` until it succeeds. Throws DeadlineMissed with the message of the last failure after `deadlineMs`, or the
 * reason of `signal` as soon as that is aborted.
 */
export async function until(
  attempt: (signal: AbortSignal) => Promise<void>,
  options: { deadlineMs: number; everyMs?: number; signal?: AbortSignal; onFailure?: (message: string) => void },
): Promise<void> {
  const deadline = performance.now() + options.deadlineMs
  let failure = ''
  for (;;) {
    options.signal?.throwIfAborted()
    let limit: AbortSignal | undefined
    try {
      const remaining = Math.max(1, deadline - performance.now())
      limit = AbortSignal.timeout(Math.min(3_000, Math.ceil(remaining)))
      return await attempt(options.signal ? AbortSignal.any([limit, options.signal]) : limit)
    } catch (error) {
      // an attempt that our own limit cut off says less than the one before it
      if (failure === '' || !limit?.aborted) failure = messageOf(error)
    }
    options.signal?.throwIfAborted()
    options.onFailure?.(failure)
    if (performance.now() >= deadline)
      throw new DeadlineMissed(`not ready after ${Math.round(options.deadlineMs / 1000)} s (${failure})`)
    await sleep(options.everyMs ?? 50)
  }
}

/** Succeeds when a GET of `url` answers 200; the error says the status and the beginning of the body. */
export async function probeHttp(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal, redirect: 'manual' })
  const body = await response.text()
  if (response.status !== 200)
    throw new Error(`HTTP ${response.status} ${body.slice(0, 200).replaceAll(/\s+/g, ' ')}`.trim())
}
