import type { Database } from '@studio/database'
import type { DeltaEnd } from '../../domain/ports.ts'
import { tellChanged } from './tell.ts'

const text = `
with changed as (
  update delta d set
    status = case when i.error is null then 'applied' else 'failed' end,
    to_version = i.to_version,
    from_version = coalesce(i.to_version - 1, d.from_version),
    size = coalesce(d.size, i.size),
    error = i.error::json,
    applied_at = case when i.error is null then now() end
  from unnest($1::uuid[], $2::int[], $3::bigint[], $4::text[], $5::text[]) as i(id, to_version, size, error, error_code)
  where d.id = i.id and d.status = 'pending'
  returning d.id, d.tenant_id, d.blob_id, d.operation, d.status, d.to_version, d.provider_id, i.error_code
),
${tellChanged}
select count(*) as changed from changed`

/** Marks pending rows applied or failed, with the outbox rows that tell it; answers how many were pending still. */
export async function endDeltas(database: Database, ends: readonly DeltaEnd[]): Promise<number> {
  if (ends.length === 0) return 0
  const [row] = await database.query<{ changed: number }>('end-deltas', text, [
    ends.map(({ id }) => id),
    ends.map(({ to_version }) => to_version),
    ends.map(({ size }) => size),
    ends.map(({ error }) => (error === null ? null : JSON.stringify(error))),
    ends.map(({ error }) => error?.code ?? null),
  ])
  return row?.changed ?? 0
}
