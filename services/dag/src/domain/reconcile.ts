import { beginDay } from './budgets.ts'
import { returnWork, ringCascades } from './mark-dirty.ts'
import type { CascadeBell, GraphStore } from './ports.ts'

/** `begun`: a worker has read it, so that the run was under way. */
export interface ExpiredClaim {
  claim_id: string
  tenant_id: string
  workflow_id: string
  begun: boolean
}

/** What the reconciler can see over all tenants, from PostgreSQL alone. */
export interface Backlog {
  /** Claims whose lease has run out. */
  listExpiredClaims(): Promise<ExpiredClaim[]>
  extendClaims(claimIds: readonly string[]): Promise<void>
  /** Sets right dirty counts that no dirty input accounts for; answers how many were wrong (0, unless there is a defect). */
  repairDirtyCounts(olderThanMs: number): Promise<number>
  /** Tenants with nodes that have been ready for this long, and for each the root of the one that has waited longest. */
  listWaiting(olderThanMs: number): Promise<{ tenant_id: string; root_id: string; waited_ms: number }[]>
  /** Tenants with cascades that have been open for this long, and of which no node waits or runs. */
  listFinished(olderThanMs: number): Promise<string[]>
  /** Tenants with cascades that a cap of a day before today has paused. */
  listNewDays(): Promise<string[]>
  /** Deletes claims that nobody holds any more. */
  dropOldClaims(): Promise<number>
}

export interface Reconciliation {
  released: number
  repaired: number
  rung: number
}

/**
 * Starts what was lost: a ring that died with its process, an emptied Temporal, a worker that took its lease with it. Needs nothing but
 * the rows, so that whatever else is emptied costs time and no work.
 */
export async function reconcile(
  deps: {
    store: GraphStore
    backlog: Backlog
    bell: CascadeBell
    workflows: {
      isAwake(tenantId: string, rootId: string): Promise<boolean>
      isRunning(workflowId: string): Promise<boolean>
    }
  },
  { patienceMs, mayRelease }: { patienceMs: number; mayRelease: boolean },
): Promise<Reconciliation> {
  const released = mayRelease ? await releaseLost(deps) : 0
  const repaired = await deps.backlog.repairDirtyCounts(patienceMs * 6)
  // A cascade whose work newer edits took over is settled by the workflow that ends, unless that was lost.
  for (const tenantId of await deps.backlog.listFinished(patienceMs))
    await deps.store.transaction(tenantId, (graph) => graph.closeCascades('all'))
  for (const tenantId of await deps.backlog.listNewDays()) await beginDay(deps, tenantId)
  const waiting = await deps.backlog.listWaiting(patienceMs)
  let rung = 0
  for (const { tenant_id: tenantId, root_id: rootId, waited_ms: waitedMs } of waiting) {
    const roots = await deps.store.transaction(tenantId, async (graph) => {
      const told = graph.cascadeSlots.filter((slot) => slot.rung).map((slot) => slot.root_id)
      return [...new Set([...told, ...ringCascades(graph, [rootId])])]
    })
    // A workflow that is awake has the ring in its history, unless that was lost on the way: it is told again at doubling distances,
    // so that a worker that is down for hours does not fill the history.
    const unaware: string[] = []
    for (const root of roots)
      if (isDoubling(waitedMs, patienceMs) || !(await deps.workflows.isAwake(tenantId, root))) unaware.push(root)
    deps.bell.ring(tenantId, unaware)
    rung += unaware.length
  }
  await deps.backlog.dropOldClaims()
  return { released, repaired, rung }
}

/**
 * A claim that no worker has read yet waits in its queue, for however long: its workflow will come to it, and a second one beside it would only
 * make the queue longer. Every other expired claim is lost.
 */
async function releaseLost({
  store,
  backlog,
  workflows,
}: Pick<Parameters<typeof reconcile>[0], 'store' | 'backlog' | 'workflows'>): Promise<number> {
  const lost: ExpiredClaim[] = []
  const queued: string[] = []
  for (const claim of await backlog.listExpiredClaims()) {
    if (!claim.begun && (await workflows.isRunning(claim.workflow_id))) queued.push(claim.claim_id)
    else lost.push(claim)
  }
  if (queued.length > 0) await backlog.extendClaims(queued)
  let released = 0
  for (const [tenantId, claims] of Map.groupBy(lost, ({ tenant_id }) => tenant_id))
    released += await releaseClaims(
      store,
      tenantId,
      claims.map(({ claim_id }) => claim_id),
    )
  return released
}

/** Makes the nodes of these claims ready again, where the lease is still over; answers how many. */
export async function releaseClaims(store: GraphStore, tenantId: string, claimIds: readonly string[]): Promise<number> {
  const released = await store.transaction(tenantId, (graph) => returnWork(graph, claimIds, 'expired'))
  return released.length
}

/** True in the first interval after 1, 2, 4, 8 … times the patience. */
export function isDoubling(waitedMs: number, patienceMs: number): boolean {
  const times = waitedMs / patienceMs
  return times >= 1 && times - 2 ** Math.floor(Math.log2(times)) < 1
}
