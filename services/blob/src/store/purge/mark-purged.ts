import type { VersionReference } from '@studio/contracts'
import { purgedType, type Database } from '@studio/database'

/** Whole blobs of a tenant, and single versions of others. */
export interface PurgeScope {
  readonly tenant_id: string
  readonly blobs: readonly string[]
  readonly versions: readonly VersionReference[]
}

const inScope = `(version.blob_id = any($2::uuid[]) or (version.blob_id, version.version) in (select * from unnest($3::uuid[], $4::int[])))`

// What a user said about a blob that lives on is no content of what is purged.
const text = `
update version set purged = true, content_type = '${purgedType}', size = 0,
  metadata = case when version.blob_id = any($2::uuid[]) then '{}' else metadata end
where version.tenant_id = $1 and ${inScope} and not version.purged`

const endOverlays = `
update blob set overlay = null from version
where blob.tenant_id = $1 and blob.overlay is not null and version.version_id = blob.version_id and version.purged and ${inScope}`

/** Marks versions as purged; what their contents are erased by (`listMarked`). A user's edit that stands in one of them ends. */
export async function markPurged(database: Database, scope: PurgeScope): Promise<void> {
  await database.execute('mark-purged', text, valuesOf(scope))
  await database.execute('end-purged-overlays', endOverlays, valuesOf(scope))
}

/** The hashes of contents that purged versions still have, and users' edits of blobs that have such: what rests on others first. */
export async function listMarked(database: Database, scope: PurgeScope): Promise<string[]> {
  const rows = await database.query<{ hash: string }>(
    'list-marked',
    `with marked as (select blob_id, content_hash from version where tenant_id = $1 and ${inScope} and purged)
     select content.hash from (
       select content_hash as hash from marked
       union select unnest(array[base_hash, edited_hash, generated_hash]) from overlay where blob_id in (select blob_id from marked)) as marked
     join content on content.tenant_id = $1 and content.hash = marked.hash
     where content.encoding <> 3 order by content.base_hash is null, content.hash`,
    valuesOf(scope),
  )
  return rows.map(({ hash }) => hash)
}

/** How many versions each whole blob has. */
export function countVersions(
  database: Database,
  { tenant_id, blobs }: PurgeScope,
): Promise<{ blob_id: string; versions: number }[]> {
  return database.query(
    'count-versions',
    'select id as blob_id, version as versions from blob where tenant_id = $1 and id = any($2::uuid[])',
    [tenant_id, blobs],
  )
}

function valuesOf({ tenant_id, blobs, versions }: PurgeScope): unknown[] {
  return [tenant_id, blobs, versions.map(({ blob_id }) => blob_id), versions.map(({ version }) => version)]
}
