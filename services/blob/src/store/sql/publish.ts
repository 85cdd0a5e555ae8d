import type { Publishing } from '@studio/contracts'
import type { Database } from '@studio/database'

// The order of the keys keeps two publications from blocking each other for ever.
const text = `
with moved as (
  insert into published (blob_id, tenant_id, version, revision, input_ids)
  select item.blob_id, $1, item.version, item.revision, item.input_ids
  from json_to_recordset($2::json) as item(blob_id uuid, version int, revision bigint, input_ids uuid[])
  join blob on blob.id = item.blob_id and blob.tenant_id = $1
  order by item.blob_id
  on conflict (blob_id) do update set version = excluded.version, revision = excluded.revision, input_ids = excluded.input_ids
    where published.revision < excluded.revision and published.tenant_id = excluded.tenant_id
  returning 1
)
select count(*)::int as moved from moved
`

/** Moves what readers see, in one transaction; answers how many pointers were moved. Those that a newer revision has moved stay. */
export async function publish(database: Database, tenantId: string, items: readonly Publishing[]): Promise<number> {
  const [row] = await database.query<{ moved: number }>('publish', text, [tenantId, JSON.stringify(items)])
  return row?.moved ?? 0
}
