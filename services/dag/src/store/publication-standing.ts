import type { PublicationStanding } from '@studio/contracts'
import type { Database } from '@studio/database'
import { hinderingStates } from './states.ts'

/** Blobs that are looked at, so that an answer takes some 20 ms at most; and those of them that are named. */
const [lookedAt, named] = [5_000, 20]

/** How a blob that is published with others stands; null for one that is not. */
export async function readStanding(
  database: Database,
  tenantId: string,
  blobId: string,
): Promise<PublicationStanding | null> {
  return await read(database, 'read-standing', 'select $2::uuid as blob_id', tenantId, blobId)
}

/** How all that is published together at and below a blob stands; null where nothing is. */
export async function readStandingBelow(
  database: Database,
  tenantId: string,
  rootId: string,
): Promise<Omit<PublicationStanding, 'version'> | null> {
  const below = `select * from below limit ${lookedAt}`
  const found = await read(database, 'read-standing-below', below, tenantId, rootId)
  return found && { state: found.state, held_back_by: found.held_back_by }
}

async function read(
  database: Database,
  name: string,
  start: string,
  tenantId: string,
  blobId: string,
): Promise<PublicationStanding | null> {
  const [row] = await database.query<PublicationStanding>(
    name,
    `with recursive below(blob_id) as (
       select $2::uuid union select edge.target_id from below join edge on edge.source_id = below.blob_id and edge.valid_to is null),
     near(blob_id) as (
       select published.blob_id from (${start}) as start join published using (blob_id) where published.tenant_id = $1 and not published.released
       union
       select published.blob_id from near, lateral (
         select target_id as blob_id from edge where edge.source_id = near.blob_id and edge.valid_to is null
         union all select source_id from edge where edge.target_id = near.blob_id and edge.valid_to is null) as next
       join published on published.blob_id = next.blob_id and not published.released),
     seen as materialized (
       select node.blob_id, node.state in ${hinderingStates} or node.held as is_hindered, node.state in ('failed', 'cancelled') or node.held as is_cause,
         node.state in ('dirty', 'running') or node.doomed or published.version <> node.version or not published.told as is_behind
       from (select * from near limit ${lookedAt}) as near join node using (blob_id) join published using (blob_id))
     select case when bool_or(is_hindered) then 'held_back' when bool_or(is_behind) then 'under_way' else 'published' end as state,
       coalesce((select version from published where blob_id = $2), 0) as version,
       array(select blob_id from seen where is_cause order by blob_id limit ${named}) as held_back_by
     from seen having count(*) > 0`,
    [tenantId, blobId],
  )
  return row ?? null
}
