import { asleep } from './cascade-slots.ts'
import type { GraphStore } from './ports.ts'

/**
 * A cascade workflow found nothing to do and wants to end. Decided under the tenant's lock: work that becomes ready later finds it gone and
 * rings anew; work that became ready before keeps it (answers false).
 */
export async function endCascade(deps: { store: GraphStore }, tenantId: string, rootId: string): Promise<boolean> {
  return await deps.store.transaction(tenantId, async (graph) => {
    if (await graph.hasReady()) return false
    graph.saveCascadeSlots(asleep(graph.cascadeSlots, rootId))
    await graph.closeCascades('all')
    return true
  })
}
