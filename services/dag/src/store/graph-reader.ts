import type { NodeState, Processing } from '@studio/contracts'
import type { Database } from '@studio/database'
import type { StoredOutline } from '../domain/draw-graph.ts'

/** How far a tenant's graph has come. */
export interface Progress {
  /** Another number after every change of it. */
  readonly revision: number
  /** The revision of the last change of its edges. */
  readonly edgesRevision: number
  /** The oldest transaction of the database that had not ended: rows that it or a later one writes are news to who has read before. */
  readonly oldestOpen: string
}

/** To be read before what is to be kept with it: what is read after it may be newer, and is never older. */
export async function readProgress(database: Database, tenantId: string): Promise<Progress> {
  const [row] = await database.query<{ revision: number; edges_revision: number; oldest_open: string }>(
    'read-progress',
    `select coalesce(revision, 0) as revision, coalesce(edges_revision, 0) as edges_revision, pg_snapshot_xmin(pg_current_snapshot())::xid::text as oldest_open
     from (select) as one left join tenant on tenant_id = $1`,
    [tenantId],
  )
  return {
    revision: row?.revision ?? 0,
    edgesRevision: row?.edges_revision ?? 0,
    oldestOpen: row?.oldest_open ?? '0',
  }
}

/**
 * A blob and all below it, by id, with the edges between them, as text: a graph may have 100,000 blobs; to make and to read objects of them would take most of
 * the time. Edges: GraphEdges as JSON, with commas between, the source and the target first.
 */
export async function readOutline(database: Database, tenantId: string, blobId: string): Promise<StoredOutline> {
  const [row] = await database.query<{ ids: string | null; edges: string | null }>(
    'read-outline',
    `with recursive below(blob_id) as (
       select blob_id from node where tenant_id = $1 and blob_id = $2
       union select edge.target_id from below join edge on edge.source_id = below.blob_id and edge.valid_to is null)
     select
       (select string_agg(blob_id::text, ',' order by blob_id) from below) as ids,
       (select string_agg(concat('{"source_id":"', source_id, '","target_id":"', target_id, '","input":"', input, '","ordinal":', ordinal, '}'), ',')
         from below join edge on edge.source_id = below.blob_id and edge.valid_to is null) as edges`,
    [tenantId, blobId],
  )
  return { ids: row?.ids ?? '', edges: row?.edges ?? '' }
}

/** A text value as JSON, where nothing in it is to be escaped. */
const quoted = (column: string): string => `coalesce('"' || ${column} || '"', 'null')`

/**
 * The nodes of these blobs (ids with commas between) that the transaction `since` or a later one has written, all without it. A line each: the blob's place among
 * those that were asked for, from 0 on, its version and its state, then what follows in the JSON of a GraphNode, but for the level that ends it. Transactions are
 * compared by age, since their numbers begin anew after 2^32; what is so old that its age says nothing is answered too.
 */
export async function readChangedNodes(
  database: Database,
  tenantId: string,
  ids: string,
  since: string | null,
): Promise<string> {
  const [row] = await database.query<{ nodes: string | null }>(
    'read-changed-nodes',
    `select string_agg(concat(place - 1, ' ', version, ' ', state, ' ',
         '{"blob_id":"', node.blob_id, '","version":', version, ',"content_hash":', ${quoted('content_hash')},
         ',"content_type":', coalesce(to_json(content_type)::text, 'null'), ',"provider_id":', ${quoted('provider_id')}, ',"provider_version":', ${quoted('provider_version')},
         ',"state":"', state, '","last_run_id":', ${quoted('last_run_id')},
         ',"last_run_at":', ${quoted(`to_char(last_run_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`)},
         ',"error":', coalesce(error::jsonb::text, 'null')), e'\n') as nodes
     from unnest($2::uuid[]) with ordinality as asked(blob_id, place) join node using (blob_id)
     where tenant_id = $1 and ($3::xid is null or age(node.xmin) <= age($3::xid))`,
    [tenantId, `{${ids}}`, since],
  )
  return row?.nodes ?? ''
}

export async function listChildren(database: Database, tenantId: string, blobId: string): Promise<string[]> {
  const rows = await database.query<{ blob_id: string }>(
    'list-children',
    `select distinct node.blob_id from edge join node on node.blob_id = edge.target_id
     where edge.source_id = $2 and edge.valid_to is null and node.tenant_id = $1 and node.version > 0 and node.state <> 'deleted' order by 1`,
    [tenantId, blobId],
  )
  return rows.map((row) => row.blob_id)
}

/** How the providers stand that take these blobs as input, in the order of the blobs. */
export async function readProcessing(
  database: Database,
  references: readonly { tenant_id: string; blob_id: string }[],
): Promise<{ processing: Processing[] }[]> {
  const rows = await database.query<{
    place: number
    provider_id: string
    blob_id: string
    state: NodeState
    run_id: string | null
    at: Date | null
  }>(
    'read-processing',
    `select asked.place, node.provider_id, node.blob_id, node.state, node.last_run_id as run_id, node.last_run_at as at
     from unnest($1::uuid[], $2::uuid[]) with ordinality as asked(tenant_id, blob_id, place)
     join edge on edge.source_id = asked.blob_id and edge.valid_to is null
     join node on node.blob_id = edge.target_id and node.tenant_id = asked.tenant_id
     order by asked.place, node.provider_id`,
    [references.map((one) => one.tenant_id), references.map((one) => one.blob_id)],
  )
  const answers = references.map((): { processing: Processing[] } => ({ processing: [] }))
  for (const { place, at, ...row } of rows)
    answers[place - 1]?.processing.push({ ...row, at: at?.toISOString() ?? null })
  return answers
}
