import { postgresCode, type Database } from '@studio/database'

const foreignKeyViolation = '23503'

// Content that a commit is just pointing at is locked by its foreign key check and skipped. A commit that comes later waits for this
// statement and fails on the foreign key; one that slipped in between makes this statement fail. So no version ever loses its bytes.
const text = `
with old as (
  select tenant_id, hash from content where staged_at < $1 order by staged_at limit $2 for update skip locked
), used as (
  select tenant_id, hash from old
  where exists (select from version where version.tenant_id = old.tenant_id and version.content_hash = old.hash)
    or exists (select from content as patch where patch.tenant_id = old.tenant_id and patch.base_hash = old.hash)
    or exists (select from overlay where overlay.tenant_id = old.tenant_id and overlay.base_hash = old.hash)
    or exists (select from overlay where overlay.tenant_id = old.tenant_id and overlay.edited_hash = old.hash)
    or exists (select from overlay where overlay.tenant_id = old.tenant_id and overlay.generated_hash = old.hash)
), kept as (
  update content set staged_at = null from used where content.tenant_id = used.tenant_id and content.hash = used.hash
), collected as (
  delete from content using old
  where content.tenant_id = old.tenant_id and content.hash = old.hash and (old.tenant_id, old.hash) not in (select tenant_id, hash from used)
  returning content.size
)
select (select count(*) from old) as seen, (select count(*) from collected) as collected, (select coalesce(sum(size), 0)::bigint from collected) as bytes
`

/** What one batch of the collector did: contents looked at, contents deleted and their raw bytes. */
export interface Collected {
  seen: number
  collected: number
  bytes: number
}

/** Deletes up to `limit` contents that were staged before `before` and that no version uses, itself or through a patch, and no overlay; null when a commit came between. */
export async function collectContents(database: Database, before: Date, limit: number): Promise<Collected | null> {
  try {
    const [row] = await database.query<Collected>('collect-contents', text, [before, limit])
    return row ?? { seen: 0, collected: 0, bytes: 0 }
  } catch (error) {
    if (postgresCode(error) === foreignKeyViolation) return null
    throw error
  }
}
