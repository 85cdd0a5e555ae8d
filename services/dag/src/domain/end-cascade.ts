import { asleep } from './cascade-slots.ts'
import { currentProviders, hasReadyForCascade } from './crews.ts'
import type { GraphStore, Providers } from './ports.ts'

/**
 * A cascade workflow found nothing to do and wants to end. Decided under the tenant's lock: work that becomes ready later finds it gone and
 * rings anew; work that became ready before keeps it (answers false), but for what workers that others have begun go on with.
 */
export async function endCascade(
  deps: { store: GraphStore; providers: Providers },
  tenantId: string,
  rootId: string,
): Promise<boolean> {
  const known = await currentProviders(deps, tenantId)
  return await deps.store.transaction(tenantId, async (graph) => {
    if (await hasReadyForCascade(graph, known)) return false
    graph.saveCascadeSlots(asleep(graph.cascadeSlots, rootId))
    await graph.closeCascades('all')
    return true
  })
}
