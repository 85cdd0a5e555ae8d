import type { Publishing } from '@studio/contracts'
import type { Database, Transaction } from '@studio/database'
import { publishTogether, type GatedNode, type Publishable } from '../domain/publish-together.ts'

/**
 * What a transaction has done that publication may follow from: `moved` nodes may have settled, or lost a neighbour; `rooted` ones have other inputs, or another way to be published.
 */
export interface Touched {
  readonly moved: Set<string>
  readonly rooted: Set<string>
}

/**
 * Decides, at the end of a change, what is published with others from now on, and publishes what has settled. Answers whether blob is to be told anything, and whether
 * anything is left that is published with others.
 *
 * @param revision of the tenant's graph with this change.
 */
export async function publishSettled(
  tx: Transaction,
  tenantId: string,
  revision: number,
  { moved, rooted }: Touched,
): Promise<{ published: boolean; publishes: boolean }> {
  const { released, parted } =
    rooted.size > 0 ? await regate(tx, tenantId, revision, [...rooted]) : { released: 0, parted: [] }
  const nodes = await readConnected(tx, tenantId, [...moved, ...rooted, ...parted])
  const items = publishTogether(nodes)
  await movePublished(tx, tenantId, revision, items)
  return { published: released > 0 || items.length > 0, publishes: released === 0 || (await isGating(tx, tenantId)) }
}

async function isGating(tx: Transaction, tenantId: string): Promise<boolean> {
  const rows = await tx.query('is-gating', 'select from published where tenant_id = $1 and not released limit 1', [
    tenantId,
  ])
  return rows.length > 0
}

/**
 * Of these nodes, and all below them, those are published with others that are atomic sources or have one above them. Those that are no longer are released; what is being deleted
 * goes with the others first. Answers how many were released, and what they were connected with, which may be waiting for nothing else.
 */
async function regate(
  tx: Transaction,
  tenantId: string,
  revision: number,
  blobIds: readonly string[],
): Promise<{ released: number; parted: string[] }> {
  const [row] = await tx.query<{ released: number; parted: string[] }>(
    'regate',
    `with recursive below(blob_id) as (
       select blob_id from node where tenant_id = $1 and blob_id = any($2::uuid[])
       union select edge.target_id from below join edge on edge.source_id = below.blob_id and edge.valid_to is null),
     gated(blob_id) as (
       select node.blob_id from below join node using (blob_id)
       where node.publication = 'atomic' or exists (
         select from edge join published on published.blob_id = edge.source_id and not published.released
         where edge.target_id = node.blob_id and edge.valid_to is null and edge.source_id not in (select blob_id from below))
       union select edge.target_id from gated join edge on edge.source_id = gated.blob_id and edge.valid_to is null),
     entered as (
       insert into published (blob_id, tenant_id, revision, gated_since) select blob_id, $1, $3, $3 from gated order by blob_id
       on conflict (blob_id) do update set released = false, version = 0, revision = excluded.revision, gated_since = excluded.gated_since, told = true
         where published.released),
     freed as (
       update published set released = true, revision = $3, told = false
       from below join node using (blob_id)
       where published.blob_id = below.blob_id and not published.released and not node.doomed and node.state <> 'deleted'
         and below.blob_id not in (select blob_id from gated)
       returning published.blob_id)
     select (select count(*)::int from freed) as released, array(
       select distinct next.blob_id from freed cross join lateral (
         select target_id as blob_id from edge where edge.source_id = freed.blob_id and edge.valid_to is null
         union all select source_id from edge where edge.target_id = freed.blob_id and edge.valid_to is null) as next
       where next.blob_id not in (select blob_id from freed)) as parted`,
    [tenantId, blobIds, revision],
  )
  return row ?? { released: 0, parted: [] }
}

/** Unsettled nodes of a cascade that are looked at for one that hinders publication. */
const mostOpen = 10

/**
 * All that is connected with these nodes over blobs that are published with others. Left out is what cannot be published now: what has an unsettled node below it, or one of
 * its cascade with a source in common, however far above; that one is looked at when it settles. Most settlements of a cascade end here, or each leaf would walk all of a
 * set. All of these conditions are of connected nodes: the last one of a set that settles is never left out.
 */
async function readConnected(tx: Transaction, tenantId: string, blobIds: readonly string[]): Promise<GatedNode[]> {
  return await tx.query<GatedNode>(
    'read-connected',
    `with recursive seed as (
       select published.blob_id, node.cascade_id from published join node using (blob_id)
       where published.tenant_id = $1 and published.blob_id = any($2::uuid[]) and not published.released and node.state in ('settled', 'deleted')
         and not exists (select from edge join published below on below.blob_id = edge.target_id and not below.released join node target on target.blob_id = edge.target_id
           where edge.source_id = published.blob_id and edge.valid_to is null and target.state in ('dirty', 'running'))),
     open as (
       select node.blob_id from (select distinct cascade_id from seed) as cause cross join lateral (
         select blob_id from node where node.cascade_id = cause.cascade_id and node.state in ('dirty', 'running') limit $3) as node
       join published using (blob_id) where not published.released),
     above(start, blob_id) as (
       select blob_id, blob_id from (select blob_id from seed union select blob_id from open) as start where exists (select from open)
       union
       select above.start, edge.source_id from above join edge on edge.target_id = above.blob_id and edge.valid_to is null
         join published on published.blob_id = edge.source_id and not published.released),
     near(blob_id) as (
       select blob_id from seed where not exists (
         select from above join above as other using (blob_id) join open on open.blob_id = other.start where above.start = seed.blob_id)
       union
       select published.blob_id from near, lateral (
         select target_id as blob_id from edge where edge.source_id = near.blob_id and edge.valid_to is null
         union all select source_id from edge where edge.target_id = near.blob_id and edge.valid_to is null) as next
       join published on published.blob_id = next.blob_id and not published.released)
     ${gatedNodes}`,
    [tenantId, blobIds, mostOpen],
  )
}

/** The nodes of `near`, as SQL. */
const gatedNodes = `select node.blob_id, node.version, node.state, node.doomed, published.version as published_version, published.input_ids as published_input_ids,
  array(select distinct edge.source_id from edge join published as source on source.blob_id = edge.source_id and not source.released
    where edge.target_id = node.blob_id and edge.valid_to is null order by edge.source_id) as input_ids
  from near join node using (blob_id) join published using (blob_id)`

async function movePublished(
  tx: Transaction,
  tenantId: string,
  revision: number,
  items: readonly Publishable[],
): Promise<void> {
  if (items.length === 0) return
  await tx.send(
    'move-published',
    `update published set version = item.version, input_ids = item.input_ids, revision = $3, told = false
     from json_to_recordset($2::json) as item(blob_id uuid, version int, input_ids uuid[])
     where published.blob_id = item.blob_id and published.tenant_id = $1`,
    [tenantId, JSON.stringify(items), revision],
  )
}

/** Tenants of whose publications blob has not been told all. */
export async function listUntold(database: Database): Promise<string[]> {
  const rows = await database.query<{ tenant_id: string }>(
    'list-untold',
    'select distinct tenant_id from published where not told',
  )
  return rows.map((row) => row.tenant_id)
}

/** All that blob has not been told of a tenant's publications, as it is now, of one moment: so a newer publication never goes without an older one. */
export async function readUntold(database: Database, tenantId: string): Promise<Publishing[]> {
  return await database.query<Publishing>(
    'read-untold',
    `select blob_id, case when not released then version end as version, revision, input_ids from published where tenant_id = $1 and not told`,
    [tenantId],
  )
}

/** Blob knows these; what has changed since is told anew. */
export async function markTold(database: Database, tenantId: string, told: readonly Publishing[]): Promise<void> {
  await database.query(
    'mark-told',
    `update published set told = true from unnest($2::uuid[], $3::bigint[]) as known(blob_id, revision)
     where published.tenant_id = $1 and published.blob_id = known.blob_id and published.revision = known.revision`,
    [tenantId, told.map(({ blob_id }) => blob_id), told.map(({ revision }) => revision)],
  )
}
