import { LRUCache } from 'lru-cache'
import { isStudioError } from '@studio/kernel'
import { cacheHitRate, dagDepth, type Logger } from '@studio/telemetry'
import type { OpenPurge } from './domain/purge/ports.ts'
import type { Reconciliation } from './domain/reconcile.ts'

const depth = dagDepth()
const depths = new LRUCache<string, number>({ max: 1000 })
const caches = cacheHitRate()

/** A derivation lies this many steps below the root of its blob. */
export function observeDepth(rootId: string, levels: number): void {
  const deepest = Math.max(levels, depths.get(rootId) ?? 0)
  depths.set(rootId, deepest)
  depth.set(rootId, deepest)
}

export function cacheAnswered(cache: 'graphs' | 'manifests', hit: boolean): void {
  if (hit) caches.hit(cache)
  else caches.miss(cache)
}

export function reconciled(log: Logger, result: Reconciliation): void {
  if (result.repaired > 0) log.error(result, 'nodes waited for inputs that were settled: counts repaired')
  else if (result.released > 0 || result.rung > 0) log.warn(result, 'started again what was lost')
}

export function notReconciled(log: Logger, tenantId: string | null, error: unknown): void {
  log.warn(
    { ...(tenantId !== null && { tenant_id: tenantId }), error },
    'the reconciler left something to its next turn',
  )
}

export function memosDropped(log: Logger, dropped: number): void {
  if (dropped > 0) log.info({ dropped }, 'recorded outputs dropped that nobody has used for long')
}

export function publicationWaits(log: Logger, tenantId: string, error: unknown): void {
  // More than one request takes, for one: nothing leaves that state by itself.
  if (isStudioError(error) && !error.retryable)
    log.error(
      { tenant_id: tenantId, error },
      'blob refuses to be told what is published: readers of this tenant see what was',
    )
  else log.warn({ tenant_id: tenantId, error }, 'blob could not be told what is published: the reconciler will')
}

export function ringFailed(log: Logger, tenantId: string, rootId: string, error: unknown): void {
  log.warn({ tenant_id: tenantId, blob_id: rootId, error }, 'Temporal could not be rung: the reconciler will')
}

export function purged(log: Logger, { id, tenant_id, blob_id }: OpenPurge): void {
  log.info({ tenant_id, blob_id, purge_id: id }, 'purged')
}
