import { StudioError } from '@studio/kernel'
import type { DeltaStore, RecordedDelta } from './ports.ts'
import type { Submission } from './work.ts'

/**
 * The deltas by which these submissions were made before, by place; undefined for a new one. An `idempotency_conflict` in their place: the
 * key or the id was used for something else.
 */
export async function findRecorded(
  store: DeltaStore,
  submissions: readonly Submission[],
): Promise<(RecordedDelta | StudioError | undefined)[]> {
  const asked = submissions.filter(({ request_hash, written }) => request_hash !== null && !written)
  if (asked.length === 0) return []
  const recorded = await store.findRequests(
    asked.map(({ item, idempotency_key }) => ({
      tenant_id: item.tenant_id,
      idempotency_key,
      delta_id: item.delta_id,
    })),
  )
  // What failed has given its key back, and may still be found by its id.
  const holders = recorded.filter(({ status }) => status !== 'failed')
  const byKey = new Map(holders.map((delta) => [`${delta.tenant_id} ${delta.idempotency_key}`, delta]))
  const byId = new Map(recorded.map((delta) => [delta.id, delta]))
  return submissions.map(({ item, idempotency_key, request_hash, written }) => {
    if (request_hash === null || written) return undefined
    const delta =
      (idempotency_key === null ? undefined : byKey.get(`${item.tenant_id} ${idempotency_key}`)) ??
      (item.delta_id === null ? undefined : byId.get(item.delta_id))
    if (delta === undefined) return undefined
    return delta.request_hash === request_hash && delta.tenant_id === item.tenant_id ? delta : usedBefore()
  })
}

export function usedBefore(): StudioError {
  return new StudioError(
    'idempotency_conflict',
    'Use a new key (and delta id) for a new request; this one belongs to another.',
  )
}
