import type { Queryable } from '@studio/database'
import type { Cause, MarkedNode } from '../domain/ports.ts'

/**
 * One statement marks everything below a change, whatever its size (measured: 10,000 nodes in about 100 ms). Each marked node counts those
 * of its inputs that have to settle first: marked here, or waiting, running or failed already (for a doomed one nobody waits). A new epoch takes the node
 * from whoever holds it.
 */
export async function markDirty(
  tx: Queryable,
  tenantId: string,
  causes: readonly Cause[],
  roots: readonly (readonly [string, number])[],
  seeds: readonly (readonly [string, number])[],
): Promise<MarkedNode[]> {
  const indexed = causes.map((cause, cause_index) => ({ ...cause, cause_index }))
  return await tx.query<MarkedNode>(
    'mark-dirty',
    `with recursive cause as (
       select * from json_to_recordset($2::json) as cause(cause_index int, cascade_id uuid, caused_by uuid, traceparent text)),
     reached(blob_id, cause_index) as (
       (select * from unnest($5::uuid[], $6::int[]) as seed(blob_id, cause_index)
        union
        select edge.target_id, root.cause_index from unnest($3::uuid[], $4::int[]) as root(blob_id, cause_index)
        join edge on edge.source_id = root.blob_id and edge.valid_to is null)
       union
       select edge.target_id, reached.cause_index from reached join edge on edge.source_id = reached.blob_id and edge.valid_to is null),
     picked as (select blob_id, min(cause_index) as cause_index from reached group by blob_id),
     counted as (
       select picked.blob_id, picked.cause_index,
         coalesce(bool_or(dirty.blob_id is null and source.state in ('failed', 'blocked') and not source.doomed), false) as hindered,
         count(*) filter (where dirty.blob_id is not null
           or source.state in ('dirty', 'running', 'failed', 'blocked') and not source.doomed)::int as dirty_inputs
       from picked join edge on edge.target_id = picked.blob_id and edge.valid_to is null
         join node source on source.blob_id = edge.source_id left join picked dirty on dirty.blob_id = edge.source_id
       group by picked.blob_id, picked.cause_index)
     update node set state = 'dirty', doomed = false, dirty_inputs = counted.dirty_inputs, epoch = node.epoch + 1, attempts = 0, key = null,
       claim_id = null, lease_until = null, error = null, cascade_id = cause.cascade_id, caused_by = cause.caused_by,
       traceparent = cause.traceparent, changed_at = now()
     from counted join cause using (cause_index)
     where node.blob_id = counted.blob_id and node.tenant_id = $1
     returning node.blob_id, node.epoch, node.dirty_inputs, counted.hindered, counted.cause_index`,
    [
      tenantId,
      JSON.stringify(indexed),
      roots.map(([id]) => id),
      roots.map(([, index]) => index),
      seeds.map(([id]) => id),
      seeds.map(([, index]) => index),
    ],
  )
}

export async function blockBelow(tx: Queryable, tenantId: string, blobIds: readonly string[]): Promise<void> {
  await tx.query(
    'block-below',
    `with recursive blocked(blob_id) as (
       select edge.target_id from edge join node source on source.blob_id = edge.source_id
       where (edge.source_id = any($2::uuid[]) or edge.target_id = any($2::uuid[])) and edge.valid_to is null and source.state in ('failed', 'blocked')
       union select edge.target_id from blocked join edge on edge.source_id = blocked.blob_id and edge.valid_to is null)
     update node set state = 'blocked', changed_at = now() from blocked
     where node.blob_id = blocked.blob_id and node.tenant_id = $1 and node.state = 'dirty'`,
    [tenantId, blobIds],
  )
}

/**
 * Nodes to be tombstoned; those that nobody ever began to make are gone at once. One whose first version somebody may be writing is tombstoned
 * too, so that it cannot appear after its source has gone. Answers how many are left to tombstone.
 */
export async function markDoomed(
  tx: Queryable,
  tenantId: string,
  cause: Cause,
  blobIds: readonly string[],
): Promise<number> {
  const rows = await tx.query<{ state: string }>(
    'mark-doomed',
    `update node set state = case when version = 0 and leases = 0 then 'deleted' else 'dirty' end, doomed = version > 0 or leases > 0, dirty_inputs = 0, epoch = epoch + 1,
       attempts = 0, key = null, last_key = null, claim_id = null, lease_until = null, error = null, cascade_id = $3, caused_by = $4,
       traceparent = $5, changed_at = now()
     where tenant_id = $1 and blob_id = any($2::uuid[]) and state <> 'deleted'
     returning state`,
    [tenantId, blobIds, cause.cascade_id, cause.caused_by, cause.traceparent],
  )
  return rows.filter((row) => row.state === 'dirty').length
}

export async function countDown(tx: Queryable, sourceIds: readonly string[]): Promise<number> {
  if (sourceIds.length === 0) return 0
  const rows = await tx.query<{ ready: boolean }>(
    'count-down',
    `with freed as (
       select target_id, count(*)::int as inputs from edge where source_id = any($1::uuid[]) and valid_to is null group by target_id)
     update node set dirty_inputs = node.dirty_inputs - freed.inputs, changed_at = now() from freed
     where node.blob_id = freed.target_id and node.state in ('dirty', 'blocked') and not node.doomed
     returning node.state = 'dirty' and node.dirty_inputs = 0 as ready`,
    [sourceIds],
  )
  return rows.filter((row) => row.ready).length
}
