import type { Transaction } from '@studio/database'
import type { Cause, MarkedNode } from '../domain/ports.ts'
import { membersLeft } from './members.ts'
import { hinderingStates, unsettledStates } from './states.ts'

const saidAnew = `exists (select from cause as newer where (newer.cause_index = judged.cause_index or newer.cause_index = any(judged.cause_indexes)) and newer.is_edit and newer.root_id = other.root_id)`

/**
 * One statement marks everything below a change, whatever its size (measured: 10,000 nodes in about 100 ms). Each marked node counts those
 * of its inputs that have to settle first: marked here, or waiting, running, failed or cancelled already (for a doomed one nobody waits). A new epoch takes the node
 * from whoever holds it.
 *
 * Under steady edits a slow provider would then never finish. So a run that was taken away for the first time more than `patienceMs` ago is left
 * alone from then on: `again_…` keep the newest change, for which the node is dirty when the run has ended (`markAgain`). Not where the derivation
 * itself has changed (`seeds`), nor before its claim was read: what it reads must be what its key says.
 *
 * A node that other roots' open cascades wait for belongs to these too from here on (`also_in`), and so it does to all causes that reach it at once.
 */
export async function markDirty(
  tx: Transaction,
  tenantId: string,
  patienceMs: number,
  causes: readonly Cause[],
  roots: readonly (readonly [string, number])[],
  seeds: readonly (readonly [string, number])[],
): Promise<MarkedNode[]> {
  const indexed = causes.map((cause, cause_index) => ({ ...cause, cause_index }))
  return await tx.query<MarkedNode>(
    'mark-dirty',
    `with recursive cause as (
       select cause.*, caused_by is not null and not exists (select from cascade where cascade.id = cause.cascade_id) as is_edit
       from json_to_recordset($2::json) as cause(cause_index int, cascade_id uuid, root_id uuid, caused_by uuid, traceparent text)),
     reached(blob_id, cause_index) as (
       (select * from unnest($5::uuid[], $6::int[]) as seed(blob_id, cause_index)
        union
        select edge.target_id, root.cause_index from unnest($3::uuid[], $4::int[]) as root(blob_id, cause_index)
        join edge on edge.source_id = root.blob_id and edge.valid_to is null)
       union
       select edge.target_id, reached.cause_index from reached join edge on edge.source_id = reached.blob_id and edge.valid_to is null),
     picked as (select blob_id, min(cause_index) as cause_index, case when count(*) > 1 then array_agg(cause_index) end as cause_indexes from reached group by blob_id),
     counted as (
       select picked.blob_id,
         coalesce(bool_or(dirty.blob_id is null and source.state in ${hinderingStates} and not source.doomed), false) as hindered,
         count(*) filter (where dirty.blob_id is not null
           or source.state in ${unsettledStates} and not source.doomed)::int as dirty_inputs
       from picked join edge on edge.target_id = picked.blob_id and edge.valid_to is null
         join node source on source.blob_id = edge.source_id left join picked dirty on dirty.blob_id = edge.source_id
       group by picked.blob_id),
     judged as (
       select counted.*, picked.cause_index, picked.cause_indexes, node.state = 'running' and not node.doomed and node.blob_id <> all($5::uuid[])
           and node.superseded_at < now() - $7::int * interval '1 millisecond'
           and exists (select from claim where claim.id = node.claim_id and claim.read_at is not null) as left_alone,
         case when picked.cause_indexes is not null
           then array(select other.cascade_id from cause as other where other.cause_index = any(picked.cause_indexes) and other.cause_index <> picked.cause_index)
         end as also_now,
         node.state in ${unsettledStates} and not node.doomed and (node.also_in is not null or node.again_cascade_id is not null
           or mine.id is not null and not (mine.root_id = cause.root_id and mine.caused_by is not null and cause.is_edit)) as is_shared
       from counted join picked using (blob_id) join node using (blob_id) join cause using (cause_index)
         left join cascade as mine on mine.id = node.cascade_id and mine.settled_at is null),
     kept as (
       update node set again_cascade_id = cause.cascade_id, again_caused_by = cause.caused_by, again_traceparent = cause.traceparent,
         again_also_in = nullif(judged.also_now || ${membersLeft('array_append(node.again_also_in, node.again_cascade_id)', 'cause.cascade_id', saidAnew)}, '{}')
       from judged join cause using (cause_index)
       where judged.left_alone and node.blob_id = judged.blob_id and node.tenant_id = $1
       returning node.blob_id, node.epoch, node.dirty_inputs, false as ready, judged.hindered, judged.cause_index, judged.cause_indexes),
     marked as (
       update node set state = 'dirty', doomed = false, dirty_inputs = judged.dirty_inputs, epoch = node.epoch + 1, attempts = 0, key = null,
         claim_id = null, lease_until = null, error = null, cascade_id = cause.cascade_id, caused_by = cause.caused_by,
         traceparent = cause.traceparent, again_cascade_id = null, again_also_in = null, awaits = null, held = false, changed_at = now(),
         superseded_at = case when node.state = 'running' then coalesce(node.superseded_at, now()) else node.superseded_at end,
         also_in = case when judged.is_shared
           then nullif(judged.also_now || ${membersLeft('node.also_in || node.again_also_in || array[node.cascade_id, node.again_cascade_id]', 'cause.cascade_id', saidAnew)}, '{}')
           else judged.also_now end
       from judged join cause using (cause_index)
       where not coalesce(judged.left_alone, false) and node.blob_id = judged.blob_id and node.tenant_id = $1
       returning node.blob_id, node.epoch, node.dirty_inputs, node.dirty_inputs = 0 as ready, judged.hindered, judged.cause_index, judged.cause_indexes)
     select * from kept union all select * from marked`,
    [
      tenantId,
      JSON.stringify(indexed),
      roots.map(([id]) => id),
      roots.map(([, index]) => index),
      seeds.map(([id]) => id),
      seeds.map(([, index]) => index),
      patienceMs,
    ],
  )
}

/**
 * Nodes whose run was left alone and is over: dirty now for the newest change that came meanwhile. A run that has settled has taken in the changes that it was
 * for; the cascades of one that has not wait on. Those of one claim may feed each other. Answers those among the given ones.
 */
export async function markAgain(
  tx: Transaction,
  tenantId: string,
  blobIds: readonly string[],
): Promise<{ blob_id: string; ready: boolean }[]> {
  if (blobIds.length === 0) return []
  return await tx.query(
    'mark-again',
    `update node set state = 'dirty', epoch = epoch + 1, attempts = 0, key = null, claim_id = null, lease_until = null, error = null,
       cascade_id = again_cascade_id, caused_by = again_caused_by, traceparent = again_traceparent, again_cascade_id = null, again_also_in = null, changed_at = now(),
       also_in = nullif(node.again_also_in || case when node.state <> 'settled' then ${membersLeft('array_append(node.also_in, node.cascade_id)', 'again.id', 'again.caused_by is not null and again.root_id = other.root_id and again.id > other.id')} end, '{}'),
       dirty_inputs = (select count(*) from edge join node source on source.blob_id = edge.source_id
         where edge.target_id = node.blob_id and edge.valid_to is null and not source.doomed
           and (source.state in ${unsettledStates} or source.again_cascade_id is not null and source.blob_id = any($2::uuid[])))
     from (select id, root_id, caused_by from cascade where tenant_id = $1) as again
     where again.id = node.again_cascade_id and node.tenant_id = $1 and node.blob_id = any($2::uuid[])
     returning node.blob_id, node.dirty_inputs = 0 as ready`,
    [tenantId, blobIds],
  )
}

export async function blockBelow(tx: Transaction, tenantId: string, blobIds: readonly string[]): Promise<void> {
  await tx.send(
    'block-below',
    `with recursive blocked(blob_id) as (
       select edge.target_id from edge join node source on source.blob_id = edge.source_id
       where (edge.source_id = any($2::uuid[]) or edge.target_id = any($2::uuid[])) and edge.valid_to is null and source.state in ${hinderingStates}
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
  tx: Transaction,
  tenantId: string,
  cause: Cause,
  blobIds: readonly string[],
): Promise<number> {
  const rows = await tx.query<{ state: string }>(
    'mark-doomed',
    `update node set state = case when version = 0 and leases = 0 then 'deleted' else 'dirty' end, doomed = version > 0 or leases > 0, dirty_inputs = 0, epoch = epoch + 1,
       attempts = 0, key = null, last_key = null, claim_id = null, lease_until = null, again_cascade_id = null, also_in = null, again_also_in = null, superseded_at = null, awaits = null, held = false, error = null, cascade_id = $3, caused_by = $4,
       traceparent = $5, changed_at = now()
     where tenant_id = $1 and blob_id = any($2::uuid[]) and state <> 'deleted'
     returning state`,
    [tenantId, blobIds, cause.cascade_id, cause.caused_by, cause.traceparent],
  )
  return rows.filter((row) => row.state === 'dirty').length
}

/** A node that was claimed with what it waits for counts like one that still waits: it may be given back. */
export async function countDown(tx: Transaction, sourceIds: readonly string[]): Promise<number> {
  if (sourceIds.length === 0) return 0
  const rows = await tx.query<{ ready: boolean }>(
    'count-down',
    `with freed as (
       select target_id, count(*)::int as inputs from edge where source_id = any($1::uuid[]) and valid_to is null group by target_id)
     update node set dirty_inputs = node.dirty_inputs - freed.inputs, changed_at = now() from freed
     where node.blob_id = freed.target_id and not node.doomed
       and (node.state in ('dirty', 'blocked') or node.state = 'running' and node.dirty_inputs > 0)
     returning node.state = 'dirty' and node.dirty_inputs = 0 as ready`,
    [sourceIds],
  )
  return rows.filter((row) => row.ready).length
}
