import { setTimeout as delay } from 'node:timers/promises'

/**
 * Asks `condition` until it gives something other than undefined, null or false, and resolves to that. A condition that
 * throws counts as not met yet.
 *
 * @param description completes "waited for …", e.g. `three derived blobs`
 * @param timeoutMs how long to ask (default 20,000); then an error says what was waited for and what came last
 */
export async function waitFor<T>(
  description: string,
  condition: () => T | Promise<T>,
  { timeoutMs = 20_000, intervalMs = 50 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<Exclude<Awaited<T>, undefined | null | false>> {
  const deadline = Date.now() + timeoutMs
  let last: { value: unknown } | { error: unknown } | undefined
  for (let interval = Math.min(10, intervalMs); ; interval = Math.min(interval * 2, intervalMs)) {
    try {
      const value = await condition()
      if (value !== undefined && value !== null && value !== false) {
        return value as Exclude<Awaited<T>, undefined | null | false>
      }
      last = { value }
    } catch (error) {
      last = { error }
    }
    if (Date.now() >= deadline) throw new Error(`waited ${timeoutMs} ms for ${description}; last: ${describe(last)}`)
    await delay(interval)
  }
}

function describe(last: { value: unknown } | { error: unknown }): string {
  if ('error' in last) return last.error instanceof Error ? last.error.message : String(last.error)
  return last.value === undefined ? 'nothing' : JSON.stringify(last.value)
}

/**
 * Like {@link waitFor}, for values that are looked at by `accept`: the failure message shows the last value, also where
 * it was not accepted.
 */
export async function waitForValue<T>(
  description: string,
  read: () => T | Promise<T>,
  accept: (value: Awaited<T>) => boolean,
  options: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<Awaited<T>> {
  let last: Awaited<T> | undefined
  const answer = await waitFor(
    description,
    async () => {
      last = await read()
      return accept(last) && { value: last }
    },
    options,
  ).catch((error: Error) => {
    error.message += `; value: ${JSON.stringify(last)?.slice(0, 4000)}`
    throw error
  })
  return answer.value
}
