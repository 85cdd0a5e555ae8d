import type { ClaimItem } from '@studio/contracts'
import { cacheHitRate, providerProcessingDuration, type Logger } from '@studio/telemetry'

const processing = providerProcessingDuration()
const cache = cacheHitRate()

export function countContentReads(hits: number, misses: number): void {
  if (hits > 0) cache.hit('inputs', hits)
  if (misses > 0) cache.miss('inputs', misses)
}

export function providerRan(providerId: string, milliseconds: number): void {
  processing.observe(providerId, milliseconds / 1000)
}

export function claimWorked(log: Logger, providerId: string, claimId: string, outcomes: Record<string, number>): void {
  log.info({ provider_id: providerId, claim_id: claimId, ...outcomes }, 'claim worked off')
}

// The message of a provider's error may quote content, so its code is what is logged.
export function itemFailed(
  log: Logger,
  item: Pick<ClaimItem, 'provider_id' | 'tenant_id' | 'node_id' | 'root_id' | 'epoch'>,
  code: string,
  attempt: number,
): void {
  const { provider_id, tenant_id, node_id, root_id, epoch } = item
  log.warn({ provider_id, tenant_id, blob_id: node_id, root_id, epoch, code, attempt }, 'provider failed')
}

export function leaseNotRenewed(log: Logger, claimId: string, error: unknown): void {
  log.warn({ claim_id: claimId, error }, 'lease not renewed')
}
