import { ringCascades } from './mark-dirty.ts'
import type { CascadeBell, GraphStore } from './ports.ts'

/**
 * Something became of a claim. Where the cascade workflow that started it has begun anew, it does not see its end: what has become ready it is told. To be
 * called after the end is committed: a claim that is made an orphan later than that finds what is ready itself.
 */
export async function ringForOrphan(deps: { store: GraphStore; bell: CascadeBell }, claimId: string): Promise<void> {
  const claim = await deps.store.findOrphan(claimId)
  if (!claim) return
  const { tenant_id: tenantId, work } = claim
  const roots = await deps.store.transaction(tenantId, async (graph) =>
    (await graph.hasReady()) ? ringCascades(graph, work.root_ids.slice(0, 1)) : [],
  )
  deps.bell.ring(tenantId, roots)
}
