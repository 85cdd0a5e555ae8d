import { ringCascades } from './mark-dirty.ts'
import type { Arrivals, CascadeBell, GraphStore, GraphTransaction } from './ports.ts'

/** Who sees to what has become ready: cascades that are to be rung, or workers that wait for nodes of these providers. */
export interface Caretakers {
  readonly rung: readonly string[]
  readonly waiting: readonly string[]
  /** Who is to be rung where those do not wait any more. */
  readonly roots: readonly string[]
}

export const nobody: Caretakers = { rung: [], waiting: [], roots: [] }

/**
 * Work has become ready below these roots. Where workers wait here for all that is ready in the tenant it is left to them: they ring for what they do not take, and a cascade
 * that is rung as well finds nothing, while Temporal's part in that takes the processor from them (ADR 3 has the figures).
 */
export async function leaveOrRing(
  graph: GraphTransaction,
  arrivals: Arrivals,
  rootIds: readonly string[],
): Promise<Caretakers> {
  const watched = arrivals.watched(graph.tenantId)
  if (rootIds.length > 0 && watched.size > 0) {
    const ready = await graph.listReadyProviders()
    if (ready.every(({ id, has_alone }) => watched.has(id) && !has_alone))
      return { ...nobody, waiting: ready.map(({ id }) => id), roots: rootIds }
  }
  return { ...nobody, rung: ringCascades(graph, rootIds) }
}

/** Once that is committed. A worker that waits no more may have looked for the last time before it was. */
export async function callCaretakers(
  { store, bell, arrivals }: { store: GraphStore; bell: CascadeBell; arrivals: Arrivals },
  tenantId: string,
  { rung, waiting, roots }: Caretakers,
): Promise<void> {
  const watched = arrivals.watched(tenantId)
  const isLeft = waiting.every((id) => watched.has(id))
  const late = isLeft ? [] : await store.transaction(tenantId, (graph) => Promise.resolve(ringCascades(graph, roots)))
  bell.ring(tenantId, [...rung, ...late])
}
