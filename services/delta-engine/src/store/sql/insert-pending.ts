import type { Database } from '@studio/database'
import type { PendingDelta } from '../../domain/ports.ts'

// Arrays and not one JSON document: PostgreSQL cannot take \u0000 out of a JSON document, while a json column keeps it as it is written.
const text = `
insert into delta (id, tenant_id, blob_id, user_id, operation, format, patch, original, content_hash, content_type, size, from_version, idempotency_key, request_hash, status)
select i.id, i.tenant_id, i.blob_id, i.user_id, i.operation, i.format, i.patch::json, i.original::json, i.content_hash, i.content_type, i.size, i.from_version, i.idempotency_key, i.request_hash, 'pending'
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bigint[], $12::int[], $13::text[], $14::text[])
  as i(id, tenant_id, blob_id, user_id, operation, format, patch, original, content_hash, content_type, size, from_version, idempotency_key, request_hash)
where not exists (select from purged_blob where purged_blob.blob_id = i.blob_id)
on conflict do nothing
returning id`

/** Writes pending rows; answers the ids that were written. A row whose idempotency key is taken is left out, and so is one of a purged blob. */
export async function insertPending(database: Database, deltas: readonly PendingDelta[]): Promise<Set<string>> {
  const written = await database.query<{ id: string }>('insert-pending', text, [
    deltas.map(({ id }) => id),
    deltas.map(({ tenant_id }) => tenant_id),
    deltas.map(({ blob_id }) => blob_id),
    deltas.map(({ user_id }) => user_id),
    deltas.map(({ operation }) => operation),
    deltas.map(({ format }) => format),
    deltas.map(({ patch }) => (patch === null ? null : JSON.stringify(patch))),
    deltas.map(({ original }) => (original === null ? null : JSON.stringify(original))),
    deltas.map(({ content_hash }) => content_hash),
    deltas.map(({ content_type }) => content_type),
    deltas.map(({ size }) => size),
    deltas.map(({ from_version }) => from_version),
    deltas.map(({ idempotency_key }) => idempotency_key),
    deltas.map(({ request_hash }) => request_hash),
  ])
  return new Set(written.map(({ id }) => id))
}
