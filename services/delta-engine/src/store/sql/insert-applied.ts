import type { Database } from '@studio/database'
import type { AppliedDelta } from '../../domain/ports.ts'
import { tellChanged } from './tell.ts'

const text = `
with changed as (
  insert into delta (id, tenant_id, blob_id, user_id, provider_id, operation, format, content_hash, content_type, size, from_version, to_version, caused_by, created_at, applied_at, status, purged)
  select i.id, i.tenant_id, i.blob_id, i.user_id, i.provider_id, i.operation, i.format, i.content_hash, i.content_type, i.size, i.to_version - 1, i.to_version, i.caused_by, i.created_at, now(), 'applied', i.purged
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::int[], $12::uuid[], $13::timestamptz[], $14::bool[])
    as i(id, tenant_id, blob_id, user_id, provider_id, operation, format, content_hash, content_type, size, to_version, caused_by, created_at, purged)
  on conflict do nothing
  returning id, tenant_id, blob_id, operation, status, to_version, provider_id, null::text as error_code
),
${tellChanged}
select count(*) as changed from changed`

/** Writes rows of providers' deltas that blob has committed, with the outbox rows that tell it; answers how many were not there yet. */
export async function insertApplied(database: Database, deltas: readonly AppliedDelta[]): Promise<number> {
  if (deltas.length === 0) return 0
  const [row] = await database.query<{ changed: number }>('insert-applied', text, [
    deltas.map(({ id }) => id),
    deltas.map(({ tenant_id }) => tenant_id),
    deltas.map(({ blob_id }) => blob_id),
    deltas.map(({ user_id }) => user_id),
    deltas.map(({ provider_id }) => provider_id),
    deltas.map(({ operation }) => operation),
    deltas.map(({ format }) => format),
    deltas.map(({ content_hash }) => content_hash),
    deltas.map(({ content_type }) => content_type),
    deltas.map(({ size }) => size),
    deltas.map(({ to_version }) => to_version),
    deltas.map(({ caused_by }) => caused_by),
    deltas.map(({ created_at }) => created_at),
    deltas.map(({ purged }) => purged),
  ])
  return row?.changed ?? 0
}
