import type { VersionReference } from '@studio/contracts'
import { purgedType, type Database, type Queryable } from '@studio/database'

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
  const blobs = scope.versions.map(({ blob_id }) => blob_id)
  await takeAlong(database, `version.blob_id = any($2::uuid[])`, [scope.tenant_id, blobs])
  await database.execute('end-purged-overlays', endOverlays, valuesOf(scope))
}

/**
 * What was made on a purged version since, and has content that goes: a tombstone, which keeps what it took away, or a user's change that left the content alone or went back to it.
 * One may have been made on the other.
 */
export async function takeAlong(database: Queryable, which: string, given: readonly unknown[]): Promise<void> {
  const take = (): Promise<number> =>
    database.execute(
      `take-along ${which}`,
      `update version set purged = true, content_type = '${purgedType}', size = 0 from version as before
       where version.tenant_id = $1 and ${which} and not version.purged and (version.operation = 'delete' or version.created_by = 'user')
         and before.blob_id = version.blob_id and before.version = version.version - 1 and before.purged
         and exists (select from version as gone where gone.blob_id = version.blob_id and gone.purged and gone.content_hash = version.content_hash)`,
      given,
    )
  while ((await take()) > 0);
}

/** The hashes of contents that purged versions still have, users' edits that stand in them, and outputs that those have left behind: what rests on others first. */
export async function listMarked(database: Database, scope: PurgeScope): Promise<string[]> {
  const rows = await database.query<{ hash: string }>(
    'list-marked',
    `with marked as (select blob_id, version, content_hash from version where tenant_id = $1 and ${inScope} and purged)
     select content.hash from (
       select content_hash as hash from marked
       union select unnest(array[base_hash, edited_hash, generated_hash]) from overlay join marked using (blob_id, version)
       union select hash from left_behind join marked using (blob_id, version)) as marked
     join content on content.tenant_id = $1 and content.hash = marked.hash
     where content.encoding <> 3 order by content.base_hash is null, content.hash`,
    valuesOf(scope),
  )
  return rows.map(({ hash }) => hash)
}

/** What was taken along with purged versions since (`eraseContent`): all of it, however often it is asked. */
export function listAlong(
  database: Database,
  { tenant_id, versions }: PurgeScope,
): Promise<(VersionReference & { created_by: string })[]> {
  return database.query(
    'list-along',
    `select blob_id, version, created_by from version
     where tenant_id = $1 and blob_id = any($2::uuid[]) and purged and (operation = 'delete' or created_by = 'user')
       and (blob_id, version) not in (select * from unnest($2::uuid[], $3::int[])) order by blob_id, version`,
    [tenant_id, versions.map(({ blob_id }) => blob_id), versions.map(({ version }) => version)],
  )
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
