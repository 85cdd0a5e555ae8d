import type { BlobReference, Version } from '@studio/contracts'
import type { Database } from '@studio/database'
import { toVersion, versionColumns, type VersionRow } from './columns.ts'

// Versions are dense and their times never go back (the commit sees to both), so the newest one of a time is found by halving. Times are
// told in milliseconds, so in milliseconds they are compared: a version is there at its own `created_at`.
const text = `
with recursive search(low, high) as (
  select 0, version from blob where id = $2 and tenant_id = $1
  union all
  select case when is_before then middle else low end, case when is_before then high else middle - 1 end
  from search, lateral (
    select version as middle, date_trunc('milliseconds', created_at) <= $3::timestamptz as is_before from version
    where blob_id = $2 and version = (low + high + 1) / 2 limit 1
  ) as probe
  where low < high
)
select ${versionColumns} from version where blob_id = $2 and version = (select low from search where low = high)
`

/** The version that was the blob's newest at a time; null where it had none yet, and for what the tenant does not have. */
export async function readVersionAt(
  database: Database,
  { tenant_id, blob_id, at }: BlobReference & { at: string },
): Promise<Version | null> {
  // As a Date: PostgreSQL knows neither a year 0 nor offsets over 16 hours.
  const [row] = await database.query<VersionRow>('read-version-at', text, [tenant_id, blob_id, new Date(at)])
  return row ? toVersion(row) : null
}
