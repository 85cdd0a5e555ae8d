import type { Queryable } from '@studio/database'
import type { KnownVersion } from '../../domain/purge/judge-versions.ts'

/** Derived blobs that these have ever fed, at any distance: by edges that have ended, too. */
export async function listFed(database: Queryable, blobIds: readonly string[]): Promise<string[]> {
  const rows = await database.query<{ blob_id: string }>(
    'list-fed',
    `with recursive fed(blob_id) as (
       select unnest($1::uuid[])
       union select edge.target_id from fed join edge on edge.source_id = fed.blob_id)
     select blob_id from fed where blob_id <> all($1::uuid[])
       and not exists (select from purged where purged.blob_id = fed.blob_id and purged.version = 0)`,
    [blobIds],
  )
  return rows.map(({ blob_id }) => blob_id)
}

/** Versions of blobs that heads or runs tell of, in the order of versions. */
export function listKnown(database: Queryable, blobIds: readonly string[]): Promise<KnownVersion[]> {
  return database.query<KnownVersion>(
    'list-known-versions',
    `select blob_id, version, bool_or(is_tombstone) as is_tombstone from (
       select blob_id, version, deleted as is_tombstone from head where blob_id = any($1::uuid[])
       union all
       select blob_id, version, outcome = 'deleted' from run where blob_id = any($1::uuid[]) and version is not null) as told
     group by blob_id, version order by blob_id, version`,
    [blobIds],
  )
}
