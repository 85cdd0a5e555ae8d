import type { Database } from '@studio/database'
import type { RecordedChange } from '../../domain/ports.ts'

const text = `
select id, format, saw, bytes > $2 as over, case when bytes <= $2 then patch end as patch from (
  select id, format, saw, patch, sum(octet_length(patch)) over () as bytes from (
    select id, coalesce(original->>'format', format) as format, (original->>'version')::int as saw,
      coalesce(original->'patch', patch)::text as patch
    from delta where id = any($1::uuid[])
  ) as meant
) as measured`

/** What the authors of deltas did, by id; null where the patches take more than `bytes` together. */
export async function findChanges(
  database: Database,
  deltaIds: readonly string[],
  bytes: number,
): Promise<RecordedChange[] | null> {
  const rows = await database.query<RecordedChange & { over: boolean | null }>('find-changes', text, [deltaIds, bytes])
  return rows[0]?.over ? null : rows.map(({ over: _over, ...change }) => change)
}
