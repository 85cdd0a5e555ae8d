import type { Budget, PauseReason } from '@studio/contracts'
import type { Transaction } from '@studio/database'
import type { CascadeName, CascadeNode, CascadeRow } from '../domain/ports.ts'
import { moment } from './moment.ts'
import { unsettledStates } from './states.ts'

/** As SQL over `cascade`. */
export const stateOfCascade = `case when cascade.cancelled_at is not null then 'cancelled' when cascade.settled_at is not null then 'settled'
  when cascade.paused_by is not null then 'paused' else 'running' end`
export const spentByCascade = `(select json_build_object('runs', cascade.begun, 'tokens', coalesce(sum(run.tokens), 0),
  'cost_microdollars', coalesce(sum(run.cost_microdollars), 0)) from run where run.cascade_id = cascade.id)`

/** As SQL over `cascade`: it is open, if only when it is resumed. */
const goesOn = 'cascade.settled_at is null and cascade.cancelled_at is null'

/** As SQL over `cascade`: it has nothing left to do. No node waits or runs in it, its own or one that it shares, and none will when a run that was left alone has ended. */
export const isDone = `not exists (select 1 from node where node.cascade_id = cascade.id and node.state in ('dirty', 'running'))
  and not exists (select 1 from (select state from node where node.also_in @> array[cascade.id] offset 0) as shared where state in ('dirty', 'running'))
  and not exists (select 1 from node where node.again_cascade_id = cascade.id or node.again_also_in @> array[cascade.id])`

/** What a node takes over, as SQL, when it leaves the cascade that it had for another one that it belonged to. */
const goesOver = (heir: string): string =>
  `cascade_id = ${heir}.id, caused_by = ${heir}.caused_by, held = false, changed_at = now()`

const columns = `id, root_id, caused_by, ${stateOfCascade} as state, paused_by, budget, ${spentByCascade} as spent`

/** A cascade by its id, or the newest one of a root. */
export async function findCascade(tx: Transaction, tenantId: string, name: CascadeName): Promise<CascadeRow | null> {
  const [cascade] = await tx.query<CascadeRow>(
    'find-cascade',
    `select ${columns} from cascade where tenant_id = $1 and (id = $2 or root_id = $3) order by started_at desc, id desc limit 1`,
    [tenantId, 'cascade_id' in name ? name.cascade_id : null, 'root_id' in name ? name.root_id : null],
  )
  return cascade ?? null
}

/** Those of these cascades that are paused or have a budget. */
export async function listGoverned(tx: Transaction, tenantId: string, ids: readonly string[]): Promise<CascadeRow[]> {
  if (ids.length === 0) return []
  return await tx.query<CascadeRow>(
    'list-governed',
    `select ${columns} from cascade where tenant_id = $1 and id = any($2::uuid[]) and (paused_by is not null or budget is not null)`,
    [tenantId, ids],
  )
}

export async function setCascadeBudget(tx: Transaction, tenantId: string, id: string, budget: Budget): Promise<void> {
  await tx.send('set-cascade-budget', 'update cascade set budget = $3::json where tenant_id = $1 and id = $2', [
    tenantId,
    id,
    budgetColumn(budget),
  ])
}

/** A budget without caps is none, so that nobody has to look at it. */
export function budgetColumn(budget: Budget): string | null {
  return Object.values(budget).every((cap) => cap === null) ? null : JSON.stringify(budget)
}

export async function pauseCascades(
  tx: Transaction,
  tenantId: string,
  pauses: ReadonlyMap<string, PauseReason>,
): Promise<void> {
  if (pauses.size === 0) return
  await tx.send(
    'pause-cascades',
    `update cascade set paused_by = paused.by, paused_at = ${moment}
     from unnest($2::uuid[], $3::text[]) as paused(id, by) where cascade.id = paused.id and cascade.tenant_id = $1`,
    [tenantId, [...pauses.keys()], [...pauses.values()]],
  )
}

/** Takes pause and cancellation from one cascade, or the pause from all that a cap of the day paused; answers their roots. */
export async function letGoOn(
  tx: Transaction,
  tenantId: string,
  which: { readonly cascade_id: string } | 'daily',
): Promise<string[]> {
  const rows = await tx.query<{ root_id: string }>(
    'let-go-on',
    `with freed as (
       update cascade set paused_by = null, paused_at = null, cancelled_at = null
       where tenant_id = $1 and (id = $2::uuid or $2::uuid is null and settled_at is null and paused_by like 'daily%')
       returning id, root_id, caused_by),
     woken as (
       update node set held = false, changed_at = now(), cascade_id = freed.id, caused_by = case node.cascade_id when freed.id then node.caused_by else freed.caused_by end,
         also_in = case node.cascade_id when freed.id then node.also_in else array_append(array_remove(node.also_in, freed.id), node.cascade_id) end
       from freed where (node.cascade_id = freed.id or node.also_in @> array[freed.id]) and node.state = 'dirty' and node.held)
     select distinct root_id from freed`,
    [tenantId, which === 'daily' ? null : which.cascade_id],
  )
  return rows.map((row) => row.root_id)
}

/** Ready nodes whose cascade is paused: they go over to another one that they belong to and that goes on, or wait until one of theirs does. */
export async function hold(tx: Transaction, tenantId: string, blobIds: readonly string[]): Promise<void> {
  if (blobIds.length === 0) return
  await tx.send(
    'hold',
    `with going as (
       select distinct on (node.blob_id) node.blob_id, cascade.id, cascade.caused_by
       from node join cascade on cascade.id = any(node.also_in) and ${goesOn} and cascade.paused_by is null
       where node.tenant_id = $1 and node.blob_id = any($2::uuid[]) and node.also_in is not null
       order by node.blob_id, cascade.started_at desc, cascade.id desc),
     handed as (update node set ${goesOver('going')}, also_in = array_append(array_remove(node.also_in, going.id), node.cascade_id) from going where node.blob_id = going.blob_id)
     update node set held = true, changed_at = now()
     where tenant_id = $1 and blob_id = any($2::uuid[]) and blob_id not in (select blob_id from going)`,
    [tenantId, blobIds],
  )
}

export async function countBegun(tx: Transaction, tenantId: string, begun: ReadonlyMap<string, number>): Promise<void> {
  if (begun.size === 0) return
  await tx.send(
    'count-begun',
    `update cascade set begun = cascade.begun + new.runs
     from unnest($2::uuid[], $3::int[]) as new(id, runs) where cascade.id = new.id and cascade.tenant_id = $1`,
    [tenantId, [...begun.keys()], [...begun.values()]],
  )
}

/** The nodes of a cascade that it has not settled, shared ones included, and those that will be its when a run that was left alone has ended. */
export async function listUnsettled(tx: Transaction, tenantId: string, cascadeId: string): Promise<CascadeNode[]> {
  return await tx.query<CascadeNode>(
    'list-unsettled',
    `select blob_id, state, doomed, again_cascade_id from node
     where tenant_id = $1 and ((cascade_id = $2 or also_in @> array[$2::uuid]) and state in ${unsettledStates} or again_cascade_id = $2)`,
    [tenantId, cascadeId],
  )
}

/**
 * Cancels a cascade. What others want of it goes on: a node that it shares leaves it, and one that it was to pay for goes over to the newest of the others. Where it came to a
 * run that was left alone for it, the newest input is derived all the same when the cascade of that run, or another one, wants the node.
 */
export async function cancelCascade(tx: Transaction, tenantId: string, cascadeId: string): Promise<void> {
  await tx.send(
    'cancel-cascade',
    `with ended as (
       update cascade set cancelled_at = ${moment}, paused_by = null, paused_at = null where tenant_id = $1 and id = $2 returning id, root_id),
     heir as (
       select distinct on (node.blob_id) node.blob_id, cascade.id, cascade.caused_by from node join cascade on cascade.id = any(node.also_in) and ${goesOn}
       where node.tenant_id = $1 and node.cascade_id = $2 and node.again_cascade_id is null and node.also_in is not null and node.state in ('dirty', 'running')
       order by node.blob_id, cascade.started_at desc, cascade.id desc),
     inherited as (
       update node set ${goesOver('heir')}, also_in = nullif(array_remove(node.also_in, heir.id), '{}') from heir where node.blob_id = heir.blob_id returning node.blob_id),
     again_heir as (
       select distinct on (node.blob_id) node.blob_id, cascade.id, cascade.caused_by
       from node join ended on node.again_cascade_id = ended.id
         join cascade on cascade.id = any(node.again_also_in || node.also_in || node.cascade_id) and ${goesOn} and cascade.root_id <> ended.root_id
       where node.tenant_id = $1
       order by node.blob_id, cascade.started_at desc, cascade.id desc),
     inherited_again as (
       update node set again_cascade_id = again_heir.id, again_caused_by = again_heir.caused_by, changed_at = now(),
         again_also_in = nullif(array_remove(node.again_also_in, again_heir.id), '{}'), also_in = nullif(array_remove(node.also_in, $2::uuid), '{}')
       from again_heir where node.blob_id = again_heir.blob_id returning node.blob_id)
     update node set also_in = nullif(array_remove(also_in, $2::uuid), '{}'), again_also_in = nullif(array_remove(again_also_in, $2::uuid), '{}')
     where tenant_id = $1 and (also_in @> array[$2::uuid] or again_also_in @> array[$2::uuid])
       and blob_id not in (select blob_id from inherited union all select blob_id from inherited_again)`,
    [tenantId, cascadeId],
  )
}

/** Gives up these nodes of a cascade that was cancelled; whoever runs one has it no more. */
export async function giveUp(
  tx: Transaction,
  tenantId: string,
  cascadeId: string,
  blobIds: readonly string[],
): Promise<void> {
  if (blobIds.length === 0) return
  await tx.send(
    'give-up',
    `update node set state = 'cancelled', dirty_inputs = 0, epoch = epoch + 1, attempts = 0, key = null, claim_id = null, lease_until = null,
       error = null, cascade_id = $2, caused_by = case again_cascade_id when $2 then again_caused_by else caused_by end, again_cascade_id = null,
       also_in = null, again_also_in = null, superseded_at = null, awaits = null, held = false, changed_at = now()
     where tenant_id = $1 and blob_id = any($3::uuid[])`,
    [tenantId, cascadeId, blobIds],
  )
}
