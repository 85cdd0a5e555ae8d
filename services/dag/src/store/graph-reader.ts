import type { NodeState, Processing } from '@studio/contracts'
import type { Database } from '@studio/database'

/** The revision of a tenant's graph: another number after every change of it, so that a picture of it can be kept until then. */
export async function readRevision(database: Database, tenantId: string): Promise<number> {
  const [row] = await database.query<{ revision: number }>(
    'read-revision',
    'select revision from tenant where tenant_id = $1',
    [tenantId],
  )
  return row?.revision ?? 0
}

/** A text value as JSON, where nothing in it is to be escaped. */
const quoted = (column: string): string => `coalesce('"' || ${column} || '"', 'null')`

/**
 * A blob's node and all below it, by id, with the edges between them, as text. Nodes: a line each, id, version and state, then what follows in the JSON of a
 * GraphNode, but for the level that ends it. Edges: GraphEdges as JSON, with commas between, the source and the target first. A graph may have 100,000
 * nodes; to make and to read objects of them would take most of the time.
 */
export async function readBelow(
  database: Database,
  tenantId: string,
  blobId: string,
): Promise<{ nodes: string; edges: string }> {
  const [row] = await database.query<{ nodes: string | null; edges: string | null }>(
    'read-below',
    `with recursive below(blob_id) as (
       select blob_id from node where tenant_id = $1 and blob_id = $2
       union select edge.target_id from below join edge on edge.source_id = below.blob_id and edge.valid_to is null)
     select
       (select string_agg(concat(node.blob_id, ' ', version, ' ', state, ' ',
           '{"blob_id":"', node.blob_id, '","version":', version, ',"content_hash":', ${quoted('content_hash')},
           ',"content_type":', coalesce(to_json(content_type)::text, 'null'), ',"provider_id":', ${quoted('provider_id')}, ',"provider_version":', ${quoted('provider_version')},
           ',"state":"', state, '","last_run_id":', ${quoted('last_run_id')},
           ',"last_run_at":', ${quoted(`to_char(last_run_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`)},
           ',"error":', coalesce(error::jsonb::text, 'null')), e'\n' order by node.blob_id)
         from below join node using (blob_id)) as nodes,
       (select string_agg(concat('{"source_id":"', source_id, '","target_id":"', target_id, '","input":"', input, '","ordinal":', ordinal, '}'), ',')
         from below join edge on edge.source_id = below.blob_id and edge.valid_to is null) as edges`,
    [tenantId, blobId],
  )
  return { nodes: row?.nodes ?? '', edges: row?.edges ?? '' }
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
