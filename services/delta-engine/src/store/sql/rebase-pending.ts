import type { Database } from '@studio/database'
import type { PendingDelta } from '../../domain/ports.ts'

const text = `
update delta d set format = i.format, patch = i.patch::json, original = i.original::json, content_hash = i.content_hash, content_type = i.content_type, size = i.size, from_version = i.from_version
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::int[]) as i(id, format, patch, original, content_hash, content_type, size, from_version)
where d.id = i.id and d.status = 'pending' and not d.purged`

/** Changes pending rows to what the next try will commit. */
export async function rebasePending(database: Database, deltas: readonly PendingDelta[]): Promise<void> {
  await database.execute('rebase-pending', text, [
    deltas.map(({ id }) => id),
    deltas.map(({ format }) => format),
    deltas.map(({ patch }) => (patch === null ? null : JSON.stringify(patch))),
    deltas.map(({ original }) => (original === null ? null : JSON.stringify(original))),
    deltas.map(({ content_hash }) => content_hash),
    deltas.map(({ content_type }) => content_type),
    deltas.map(({ size }) => size),
    deltas.map(({ from_version }) => from_version),
  ])
}
