import type { GraphEdge, PastGraph, PastNode } from '@studio/contracts'
import type { Database } from '@studio/database'

/** In microseconds: one millisecond may hold several changes. */
const asTime = (time: string) => `to_char(${time} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** The edges from `below` that were there at $3. Each branch has an index of its own. */
const edgesThen = `lateral (
    select * from edge where source_id = below.blob_id and valid_to is null and valid_from <= $3
    union all
    select * from edge where source_id = below.blob_id and valid_to > $3 and valid_from <= $3)`

/** When a cascade settled, and what it is now; null for what the tenant does not have. */
export async function readCascadeTimes(
  database: Database,
  tenantId: string,
  cascadeId: string,
): Promise<{ cascade: NonNullable<PastGraph['cascade']>; now: string } | null> {
  const [row] = await database.query<NonNullable<PastGraph['cascade']> & { now: string }>(
    'read-cascade-times',
    `select id, root_id, caused_by as delta_id, ${asTime('started_at')} as started_at, ${asTime('settled_at')} as settled_at, ${asTime('clock_timestamp()')} as now
     from cascade where tenant_id = $1 and id = $2`,
    [tenantId, cascadeId],
  )
  if (!row) return null
  const { now, ...cascade } = row
  return { cascade, now }
}

/**
 * A blob's node and all below it as they were at a time, with the edges that were between them; no nodes where the blob was not there. The same time is
 * always answered alike: changes that are under way at that time are waited for.
 */
export async function readBelowAt(
  database: Database,
  tenantId: string,
  blobId: string,
  at: string,
): Promise<{ nodes: Omit<PastNode, 'level'>[]; edges: GraphEdge[] }> {
  // Who changes the graph holds this row; a change that begins later gets a later moment.
  await database.query('await-changes', 'select from tenant where tenant_id = $1 and changed_at < $2 for share', [
    tenantId,
    at,
  ])
  const [row] = await database.query<{ nodes: Omit<PastNode, 'level'>[]; edges: GraphEdge[] }>(
    'read-below-at',
    `with recursive below(blob_id) as (
       select blob_id from node where tenant_id = $1 and blob_id = $2
         and (exists (select from head where head.blob_id = node.blob_id and at <= $3)
           or exists (select from edge where target_id = node.blob_id and valid_from <= $3 and (valid_to is null or valid_to > $3)))
       union select edge.target_id from below, ${edgesThen} as edge)
     select
       coalesce((select json_agg(json_build_object('blob_id', node.blob_id, 'version', coalesce(head.version, 0), 'content_hash', head.content_hash,
           'content_type', head.content_type, 'output_hash', head.output_hash, 'deleted', coalesce(head.deleted, false), 'provider_id', node.provider_id,
           'provider_version', run.provider_version, 'run_id', head.run_id, 'since', ${asTime('head.at')}))
         from below join node using (blob_id)
           left join lateral (select * from head where head.blob_id = below.blob_id and at <= $3 order by version desc limit 1) as head on true
           left join run on run.id = head.run_id), '[]') as nodes,
       coalesce((select json_agg(json_build_object('source_id', edge.source_id, 'target_id', edge.target_id, 'input', edge.input, 'ordinal', edge.ordinal))
         from below, ${edgesThen} as edge), '[]') as edges`,
    [tenantId, blobId, at],
  )
  return row ?? { nodes: [], edges: [] }
}
