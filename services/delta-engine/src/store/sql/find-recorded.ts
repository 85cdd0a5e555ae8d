import type { Database } from '@studio/database'
import type { RecordedDelta } from '../../domain/ports.ts'

const columns = 'id, tenant_id, blob_id, idempotency_key, request_hash, status, to_version, error'

const byKeysText = `
select ${columns} from delta
where (tenant_id, idempotency_key) in (select * from unnest($1::uuid[], $2::text[])) and status <> 'failed' and idempotency_key is not null`

/** The deltas that hold these idempotency keys. What failed gave its key back. */
export function findByKeys(
  database: Database,
  keys: readonly { tenant_id: string; idempotency_key: string }[],
): Promise<RecordedDelta[]> {
  return database.query<RecordedDelta>('find-by-keys', byKeysText, [
    keys.map(({ tenant_id }) => tenant_id),
    keys.map(({ idempotency_key }) => idempotency_key),
  ])
}

/** A delta that was found by its key, as it stands now. */
export async function findRecorded(database: Database, deltaId: string): Promise<RecordedDelta | undefined> {
  const [delta] = await database.query<RecordedDelta>('find-recorded', `select ${columns} from delta where id = $1`, [
    deltaId,
  ])
  return delta
}
