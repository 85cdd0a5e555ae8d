import { mostCrews } from './domain/crews.ts'
import type { Arrivals } from './domain/ports.ts'

/**
 * Changes of graphs that this process has committed. Of those who wait for work of one provider the first is told: what it leaves its own change tells the next, and more at once would
 * only fight over the same nodes.
 */
export function createArrivals(): Arrivals & { tell(tenantId: string): void } {
  const queues = new Map<string, Map<string, Set<() => void>>>()
  return {
    tell(tenantId) {
      for (const [notice] of queues.get(tenantId)?.values() ?? []) notice?.()
    },
    watched: (tenantId) => new Set(queues.get(tenantId)?.keys()),
    watch(tenantId, providerId) {
      const ofTenant = queues.get(tenantId) ?? new Map<string, Set<() => void>>()
      const queue = ofTenant.get(providerId) ?? new Set()
      if (queue.size === mostCrews) return null
      queues.set(tenantId, ofTenant.set(providerId, queue))
      let change = Promise.withResolvers<void>()
      const notice = (): void => change.resolve()
      queue.add(notice)
      return {
        async next(timeoutMs) {
          const timer = setTimeout(notice, timeoutMs)
          await change.promise
          clearTimeout(timer)
          change = Promise.withResolvers<void>()
        },
        close() {
          queue.delete(notice)
          if (queue.size === 0) ofTenant.delete(providerId)
          if (ofTenant.size === 0) queues.delete(tenantId)
        },
      }
    },
  }
}
