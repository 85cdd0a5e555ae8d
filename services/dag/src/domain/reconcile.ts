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

interface Deps {
  store: GraphStore
  backlog: Backlog
  bell: CascadeBell
  workflows: {
    isAwake(tenantId: string, rootId: string): Promise<boolean>
    isRunning(workflowId: string): Promise<boolean>
  }
  /** Something could not be done; the next turn tries it again. null: not of one tenant. */
  onFailure(tenantId: string | null, error: unknown): void
}

/**
 * Starts what was lost: a ring that died with its process, an emptied Temporal, a worker that took its lease with it. What it has to do it knows from the
 * rows alone, so that whatever else is emptied costs time and no work; what cannot be done for one tenant keeps no other one waiting, and an absent Temporal only what it is asked about.
 */
export async function reconcile(
  deps: Deps,
  { patienceMs, mayRelease }: { patienceMs: number; mayRelease: boolean },
): Promise<Reconciliation> {
  const { store, backlog, onFailure } = deps
  const attempt = createAttempts(onFailure)
  const ask = createQuestions(onFailure)
  const repaired = (await attempt(null, () => backlog.repairDirtyCounts(patienceMs * 6))) ?? 0
  // A cascade whose work newer edits took over is settled by the workflow that ends, unless that was lost.
  for (const tenantId of (await attempt(null, () => backlog.listFinished(patienceMs))) ?? [])
    await attempt(tenantId, () => store.transaction(tenantId, (graph) => graph.closeCascades('all')))
  for (const tenantId of (await attempt(null, () => backlog.listNewDays())) ?? [])
    await attempt(tenantId, () => beginDay(deps, tenantId))
  const released = mayRelease ? ((await attempt(null, () => releaseLost(deps, attempt, ask))) ?? 0) : 0
  const waiting = (await attempt(null, () => backlog.listWaiting(patienceMs))) ?? []
  let rung = 0
  for (const { tenant_id: tenantId, root_id: rootId, waited_ms: waitedMs } of waiting) {
    const roots = await attempt(tenantId, () => rootsToRing(store, tenantId, rootId))
    // A workflow that is awake has the ring in its history, unless that was lost on the way: it is told again at doubling distances,
    // so that a worker that is down for hours does not fill the history.
    const unaware: string[] = []
    for (const root of roots ?? [])
      if (isDoubling(waitedMs, patienceMs) || (await ask(() => deps.workflows.isAwake(tenantId, root))) === false)
        unaware.push(root)
    deps.bell.ring(tenantId, unaware)
    rung += unaware.length
  }
  await attempt(null, () => backlog.dropOldClaims())
  return { released, repaired, rung }
}

type Attempt = <Result>(tenantId: string | null, work: () => Promise<Result>) => Promise<Result | null>

/** null: it could not be done. */
function createAttempts(onFailure: Deps['onFailure']): Attempt {
  return async (tenantId, work) => {
    try {
      return await work()
    } catch (error) {
      onFailure(tenantId, error)
      return null
    }
  }
}

type Ask = (question: () => Promise<boolean>) => Promise<boolean | null>

/** null: Temporal does not answer. It is not asked again in this turn, since each question would be waited for. */
function createQuestions(onFailure: Deps['onFailure']): Ask {
  const attempt = createAttempts(onFailure)
  let isAway = false
  return async (question) => {
    const answer = isAway ? null : await attempt(null, question)
    isAway = answer === null
    return answer
  }
}

function rootsToRing(store: GraphStore, tenantId: string, rootId: string): Promise<string[]> {
  return store.transaction(tenantId, async (graph) => {
    const told = graph.cascadeSlots.filter((slot) => slot.rung).map((slot) => slot.root_id)
    return [...new Set([...told, ...ringCascades(graph, [rootId])])]
  })
}

/**
 * A claim that no worker has read yet waits in its queue, for however long: its workflow will come to it, and a second one beside it would only
 * make the queue longer. So it stays where nobody can say whether its workflow runs. Every other expired claim is lost.
 */
async function releaseLost({ store, backlog, workflows }: Deps, attempt: Attempt, ask: Ask): Promise<number> {
  const lost: ExpiredClaim[] = []
  const queued: string[] = []
  for (const claim of await backlog.listExpiredClaims()) {
    const isRunning = claim.begun ? false : await ask(() => workflows.isRunning(claim.workflow_id))
    if (isRunning) queued.push(claim.claim_id)
    else if (isRunning === false) lost.push(claim)
  }
  if (queued.length > 0) await attempt(null, () => backlog.extendClaims(queued))
  let released = 0
  for (const [tenantId, claims] of Map.groupBy(lost, ({ tenant_id }) => tenant_id)) {
    const ids = claims.map(({ claim_id }) => claim_id)
    released += (await attempt(tenantId, () => releaseClaims(store, tenantId, ids))) ?? 0
  }
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
