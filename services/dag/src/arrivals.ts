import type { Arrivals } from './domain/ports.ts'

/** Changes of graphs that this process has committed. One waits for each tenant and provider: more would wake to fight over the same nodes. */
export function createArrivals(): Arrivals & { tell(tenantId: string): void } {
  const watches = new Map<string, Map<string, () => void>>()
  return {
    tell(tenantId) {
      for (const notice of watches.get(tenantId)?.values() ?? []) notice()
    },
    watched: (tenantId) => new Set(watches.get(tenantId)?.keys()),
    watch(tenantId, providerId) {
      const ofTenant = watches.get(tenantId) ?? new Map<string, () => void>()
      if (ofTenant.has(providerId)) return null
      let change = Promise.withResolvers<void>()
      watches.set(
        tenantId,
        ofTenant.set(providerId, () => change.resolve()),
      )
      return {
        async next(timeoutMs) {
          const timer = setTimeout(change.resolve, timeoutMs)
          await change.promise
          clearTimeout(timer)
          change = Promise.withResolvers<void>()
        },
        close() {
          ofTenant.delete(providerId)
          if (ofTenant.size === 0) watches.delete(tenantId)
        },
      }
    },
  }
}
