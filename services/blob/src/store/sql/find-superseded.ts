import type { Database } from '@studio/database'
import type { HistoryStore, Superseded } from '../../domain/pack-history.ts'

// A content is packed when its blob has gone on to other bytes. What a blob has gone back to stays whole, and so does what patches rest on.
const text = `
select made.version_id, old.*
from (
  select version_id, blob_id, version, content_hash from version where version_id > $1 and version_id < $2 order by version_id limit $3
) as made
left join lateral (
  select before.tenant_id, before.blob_id, before.version, content.hash, content.size, octet_length(content.bytes) as stored_size
  from version as before
  join blob on blob.id = before.blob_id and blob.content_hash <> before.content_hash
  join content on content.tenant_id = before.tenant_id and content.hash = before.content_hash
  where before.blob_id = made.blob_id and before.version = made.version - 1 and before.content_hash <> made.content_hash
    and content.base_hash is null and content.patches = 0 and content.size between $4 and $5
  limit 1
) as old on true
order by made.version_id
`

/** What is looked for: versions behind `after`, made before a time. */
type Asked = Parameters<HistoryStore['findSuperseded']>[0]

/** The next versions, each with the content that it has superseded where that may be packed. */
export function findSuperseded(database: Database, asked: Asked): Promise<Superseded[]> {
  const { after, before, limit, smallest, largest } = asked
  return database.query('find-superseded', text, [after, firstIdOf(before), limit, smallest, largest])
}

/** What sorts before all UUIDv7 of a time and of later ones (RFC 9562, section 5.7: they begin with 48 bits of Unix time in ms). */
function firstIdOf(time: Date): string {
  const milliseconds = time.getTime().toString(16).padStart(12, '0')
  return `${milliseconds.slice(0, 8)}-${milliseconds.slice(8)}-0000-0000-000000000000`
}
