import type { Client } from '@studio/clients'
import type { Provider, registryApi } from '@studio/contracts'
import { LRUCache } from 'lru-cache'
import type { Providers } from '../domain/ports.ts'
import { cacheAnswered } from '../telemetry.ts'

/** How long a provider's current version may be a little old: a claim made meanwhile runs the version before. */
const freshMs = 1000
/** While the registry does not answer, it is asked no more often than this. */
const staleMs = 5000

/** provider-registry as dag sees it. Current versions are kept for a moment, and longer while the registry does not answer. */
export function createProviders(registry: Client<typeof registryApi>): Providers {
  const cache = new LRUCache<string, { provider: Provider | null }>({
    max: 5000,
    ttl: freshMs,
    fetchMethod: async (key, stale, { options }) => {
      const [tenantId = '', providerId = ''] = key.split('/')
      try {
        return { provider: await registry.one('read', { tenant_id: tenantId, provider_id: providerId }) }
      } catch (error) {
        if (!stale) throw error
        options.ttl = staleMs
        return stale
      }
    },
  })
  return {
    async current(tenantId, providerId) {
      const key = `${tenantId}/${providerId}`
      cacheAnswered('manifests', cache.has(key))
      return (await cache.fetch(key))?.provider ?? null
    },
    async match(subjects) {
      if (subjects.length === 0) return []
      const { items } = await registry.call('match', { items: [...subjects] })
      return items.map((item) => item.providers)
    },
  }
}
