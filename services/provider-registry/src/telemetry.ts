import type { Provider } from '@studio/contracts'
import { cacheHitRate, type Logger } from '@studio/telemetry'

const cache = cacheHitRate()

export function countCatalogueRead(hit: boolean): void {
  if (hit) cache.hit('providers')
  else cache.miss('providers')
}

export function providerRegistered(log: Logger, provider: Provider, version: string): void {
  log.info(
    { provider_id: provider.id, version, current_version: provider.version, tenant_id: provider.tenant_id },
    'provider version registered',
  )
}

export function providerStatusSet(log: Logger, provider: Provider, tenantId: string): void {
  log.info({ provider_id: provider.id, status: provider.status, tenant_id: tenantId }, 'provider status set')
}
