import type { Database } from '@studio/database'
import type { RecordedDelta, RequestIdentity } from '../../domain/ports.ts'

const columns = `id, tenant_id, blob_id, idempotency_key, request_hash, original is not null as merged, status, to_version, error`

const requestsText = `
select ${columns} from delta
where (tenant_id, idempotency_key) in (select * from unnest($1::uuid[], $2::text[])) and status <> 'failed' and idempotency_key is not null
union all
select ${columns} from delta where id = any($3::uuid[])`

/** The deltas that hold these idempotency keys (what failed gave its key back), or have these ids. */
export function findRequests(database: Database, requests: readonly RequestIdentity[]): Promise<RecordedDelta[]> {
  const keyed = requests.filter(({ idempotency_key }) => idempotency_key !== null)
  return database.query<RecordedDelta>('find-requests', requestsText, [
    keyed.map(({ tenant_id }) => tenant_id),
    keyed.map(({ idempotency_key }) => idempotency_key),
    requests.map(({ delta_id }) => delta_id).filter((id) => id !== null),
  ])
}

/** A delta that was found by its key, as it stands now. */
export async function findRecorded(database: Database, deltaId: string): Promise<RecordedDelta | undefined> {
  const [delta] = await database.query<RecordedDelta>('find-recorded', `select ${columns} from delta where id = $1`, [
    deltaId,
  ])
  return delta
}
