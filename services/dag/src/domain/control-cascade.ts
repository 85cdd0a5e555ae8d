import type { Budget, CascadeAction } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { pauseReasonOf } from './allowance.ts'
import { markDirty, ringCascades, takeAgain } from './mark-dirty.ts'
import type { CascadeBell, CascadeName, CascadeRow, GraphStore, GraphTransaction } from './ports.ts'

interface Deps {
  readonly store: GraphStore
  readonly bell: CascadeBell
}

interface Request {
  readonly tenant_id: string
  readonly cascade: CascadeName
  readonly action: CascadeAction
  /** To have from now on; null: the one that it has. */
  readonly budget: Budget | null
  readonly traceparent: string | null
}

/**
 * Pauses, resumes or cancels a cascade, or tries what failed in it again; answers its id. What is so already stays so. Throws `cascade_not_found`,
 * `cascade_ended` and `budget_spent`.
 */
export async function controlCascade(deps: Deps, request: Request): Promise<string> {
  const { tenant_id, action, budget, traceparent } = request
  const { id, ring } = await deps.store.transaction(tenant_id, async (graph) => {
    const found = await graph.findCascade(request.cascade)
    if (!found) throw cascadeNotFound()
    if (budget) await graph.setCascadeBudget(found.id, budget)
    const cascade = budget ? { ...found, budget } : found
    const moves = await actions[action](graph, cascade, traceparent)
    return { id: cascade.id, ring: moves ? ringCascades(graph, [cascade.root_id]) : [] }
  })
  deps.bell.ring(tenant_id, ring)
  return id
}

/** Each answers whether there may be something to do now. */
const actions: Record<
  CascadeAction,
  (graph: GraphTransaction, cascade: CascadeRow, traceparent: string | null) => Promise<boolean>
> = { pause, resume, cancel, 'retry-failed': retryFailed }

/** Claims put its nodes aside from now on; what runs ends. */
async function pause(graph: GraphTransaction, { id, state, paused_by }: CascadeRow): Promise<boolean> {
  if (state === 'settled' || state === 'cancelled') throw ended(state)
  if (paused_by !== 'request') await graph.pauseCascades(new Map([[id, 'request']]))
  return false
}

/** What a cap has paused goes on only where the cap leaves room; what was cancelled, and no newer change has taken over, is to be derived again. */
async function resume(graph: GraphTransaction, cascade: CascadeRow, traceparent: string | null): Promise<boolean> {
  const { id, state, paused_by } = cascade
  if (state !== 'paused' && state !== 'cancelled') return false
  const reason = pauseReasonOf(cascade, { budget: graph.budget.per_day, spent: graph.spentToday })
  if (reason !== null && paused_by !== null && paused_by !== 'request')
    throw new StudioError('budget_spent', `Raise ${reason} in the budget of the ${whoseCap(reason)}, then resume.`)
  await graph.letGoOn({ cascade_id: id })
  if (state === 'cancelled') await deriveAgain(graph, cascade, 'cancelled', traceparent)
  return true
}

/** Gives up what it has not done and nobody else wants; a run that newer changes wait for goes over to these. Deletions are done all the same. */
async function cancel(graph: GraphTransaction, { id, state }: CascadeRow): Promise<boolean> {
  if (state === 'cancelled') return false
  if (state === 'settled') throw ended(state)
  await graph.cancelCascade(id)
  const open = (await graph.listUnsettled(id)).filter(
    (node) => !node.doomed && (node.state === 'dirty' || node.state === 'running'),
  )
  const overtaken = open.filter(({ again_cascade_id: again }) => again !== null && again !== id)
  const own = open.filter((node) => !overtaken.includes(node)).map(({ blob_id }) => blob_id)
  await takeAgain(
    graph,
    overtaken.map(({ blob_id }) => blob_id),
  )
  await graph.giveUp(id, own)
  // Other cascades' nodes that were claimed with one of these would be made of what it was before.
  const stranded = await graph.returnStranded(open.map(({ blob_id }) => blob_id))
  await graph.blockBelow([...own, ...stranded])
  await takeAgain(graph, stranded)
  await graph.closeCascades('all')
  return true
}

/** Exactly what failed in it, and what that blocked. */
async function retryFailed(graph: GraphTransaction, cascade: CascadeRow, traceparent: string | null): Promise<boolean> {
  if (cascade.state === 'cancelled') throw ended(cascade.state)
  return await deriveAgain(graph, cascade, 'failed', traceparent)
}

/** Nodes of a cascade in this state are dirty again in the same cascade, with all below them. */
async function deriveAgain(
  graph: GraphTransaction,
  { id, root_id, caused_by }: CascadeRow,
  state: 'failed' | 'cancelled',
  traceparent: string | null,
): Promise<boolean> {
  const nodes = (await graph.listUnsettled(id)).filter((node) => node.state === state)
  const cause = { cascade_id: id, root_id, caused_by, traceparent }
  const { marked } = await markDirty(graph, {
    causes: [cause],
    roots: [],
    seeds: nodes.map(({ blob_id }) => [blob_id, 0] as const),
  })
  return marked.length > 0
}

function ended(state: 'settled' | 'cancelled'): StudioError {
  return new StudioError(
    'cascade_ended',
    state === 'cancelled' ? 'It was cancelled: resume it first.' : 'It has settled: nothing of it waits or runs.',
  )
}

function whoseCap(reason: string): string {
  return reason.startsWith('daily_') ? 'tenant (PUT …/budget)' : 'cascade'
}

export function cascadeNotFound(): StudioError {
  return new StudioError('cascade_not_found')
}
