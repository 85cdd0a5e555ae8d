import type { Database } from '@studio/database'
import type { Traffic } from '../../domain/packing-pace.ts'

// Version ids are UUIDv7: they sort by, and hold, the time of making. Two steps in the primary key, whatever the number of versions.
const text = `
select
  (select uuid_extract_timestamp(version_id) from version order by version_id desc limit 1) as newest,
  (select uuid_extract_timestamp(version_id) from version where version_id > (select version_id from pack_cursor) order by version_id limit 1) as oldest_left
`

/** When the newest version was made, and the oldest behind the packer's place. */
export async function readTraffic(database: Database): Promise<Traffic> {
  const [row] = await database.query<{ newest: Date | null; oldest_left: Date | null }>('read-traffic', text)
  return { newest: row?.newest ?? null, oldestLeft: row?.oldest_left ?? null }
}
