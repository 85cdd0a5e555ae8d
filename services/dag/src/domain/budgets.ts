import type { Budget, TenantBudget } from '@studio/contracts'
import { cascadeNotFound } from './control-cascade.ts'
import { ringCascades } from './mark-dirty.ts'
import type { CascadeBell, GraphStore } from './ports.ts'

/** Gives a tenant other budgets; cascades that a cap of the day paused go on as far as the new ones let them. */
export async function setBudget(
  deps: { store: GraphStore; bell: CascadeBell },
  tenantId: string,
  budget: TenantBudget,
): Promise<void> {
  const ring = await deps.store.transaction(tenantId, async (graph) => {
    graph.setBudget(budget)
    return ringCascades(graph, await graph.letGoOn('daily'))
  })
  deps.bell.ring(tenantId, ring)
}

/** On a new day nothing is spent yet. */
export async function beginDay(deps: { store: GraphStore; bell: CascadeBell }, tenantId: string): Promise<void> {
  const ring = await deps.store.transaction(tenantId, async (graph) =>
    ringCascades(graph, await graph.letGoOn('daily')),
  )
  deps.bell.ring(tenantId, ring)
}

/** Gives a cascade another budget; one that is paused stays so. Throws `cascade_not_found`. */
export async function setCascadeBudget(
  deps: { store: GraphStore },
  tenantId: string,
  cascadeId: string,
  budget: Budget,
): Promise<void> {
  await deps.store.transaction(tenantId, async (graph) => {
    const cascade = await graph.findCascade({ cascade_id: cascadeId })
    if (!cascade) throw cascadeNotFound()
    await graph.setCascadeBudget(cascade.id, budget)
  })
}
