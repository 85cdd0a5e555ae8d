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

/** Marks versions as purged; what their contents are erased by (`listMarked`). */
export async function markPurged(database: Database, scope: PurgeScope): Promise<void> {
  await database.execute('mark-purged', text, valuesOf(scope))
}

/** The hashes of contents that purged versions still have: what rests on others first. */
export async function listMarked(database: Database, scope: PurgeScope): Promise<string[]> {
  const rows = await database.query<{ hash: string }>(
    'list-marked',
    `select content.hash from (select distinct content_hash as hash from version where tenant_id = $1 and ${inScope} and purged) as marked
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
