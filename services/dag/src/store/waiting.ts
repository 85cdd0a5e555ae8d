import type { Provider } from '@studio/contracts'
import type { Queryable } from '@studio/database'
import type { WaitingNode } from '../domain/closed-sub-graph.ts'
import { unsettledStates } from './states.ts'

/** Nodes of one look: what is further below is found by the next one. */
const mostWaiting = 2_000

/** Dirty nodes of a provider below these ones, that have not failed before, with all inputs that it needs, and without a budget or a user's edit. */
export async function listWaitingBelow(
  tx: Queryable,
  tenantId: string,
  provider: Provider,
  blobIds: readonly string[],
): Promise<WaitingNode[]> {
  return await tx.query<WaitingNode>(
    'list-waiting-below',
    `with recursive below(blob_id) as (
       select unnest($2::uuid[])
       union
       select node.blob_id from below
         cross join lateral (select target_id from edge where edge.source_id = below.blob_id and edge.valid_to is null offset 0) as edge
         cross join lateral (select * from node where node.blob_id = edge.target_id limit 1) as node
       where node.tenant_id = $1 and node.state = 'dirty' and node.provider_id = $3 and node.dirty_inputs > 0 and node.attempts = 0 and not node.doomed
         and not node.held and node.overlay is null),
     -- A recursion is carried only as far as it is read.
     listed as (select blob_id from below limit $4)
     select node.blob_id, node.root_id, fed.waits_for
     from listed cross join lateral (select * from node where node.blob_id = listed.blob_id limit 1) as node cross join lateral (
       select coalesce(json_agg(edge.source_id) filter (where source.state in ${unsettledStates} and not source.doomed), '[]') as waits_for,
         array_agg(distinct edge.input) filter (where source.state <> 'deleted' and not source.doomed) as named
       from edge join node source on source.blob_id = edge.source_id where edge.target_id = node.blob_id and edge.valid_to is null) as fed
     where node.dirty_inputs > 0 and fed.named @> $5::text[]
       and not exists (select from cascade where cascade.id = node.cascade_id and (cascade.paused_by is not null or cascade.budget is not null))`,
    [tenantId, blobIds, provider.id, mostWaiting + blobIds.length, Object.keys(provider.inputs)],
  )
}
