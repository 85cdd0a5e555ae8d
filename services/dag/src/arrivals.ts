import type { Arrivals } from './domain/ports.ts'

/** Changes of graphs that this process has committed. */
export function createArrivals(): Arrivals & { tell(tenantId: string): void } {
  const waiting = new Map<string, Set<() => void>>()
  return {
    tell(tenantId) {
      for (const resolve of waiting.get(tenantId) ?? []) resolve()
    },
    async next(tenantId, timeoutMs) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const others = waiting.get(tenantId) ?? new Set()
      waiting.set(tenantId, others.add(resolve))
      const timer = setTimeout(resolve, timeoutMs)
      await promise
      clearTimeout(timer)
      others.delete(resolve)
      if (others.size === 0 && waiting.get(tenantId) === others) waiting.delete(tenantId)
    },
  }
}
