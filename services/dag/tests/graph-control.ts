import { noBudget, type Budget, type CascadeAction, type TenantBudget } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { setBudget, setCascadeBudget } from '../src/domain/budgets.ts'
import { controlCascade } from '../src/domain/control-cascade.ts'
import { endCascade } from '../src/domain/end-cascade.ts'
import { bell } from './fixture.ts'
import { finish, work } from './graph-work.ts'
import { allNodes, providers, unlessRefused, type World } from './graph-world.ts'

/**
 * What somebody who looks after a world does with it: reads, pauses, resumes and cancels its cascades, caps what they may spend, has tried again what failed, and in
 * the end lets it come to rest.
 */

interface CascadeOfWorld {
  id: string
  paused_by: string | null
  settled_at: Date | null
  cancelled_at: Date | null
  begun: number
}

/** Cascades, those that are open and the newest ones first. */
export const cascadesOf = (world: World) =>
  world.database.query<CascadeOfWorld>(
    'cascades-of-world',
    'select id, paused_by, settled_at, cancelled_at, begun from cascade where tenant_id = $1 order by settled_at desc nulls first, started_at desc, id',
    [world.tenantId],
  )

/** Asks something of a cascade; what is refused is thrown. */
export function ordered(
  world: World,
  cascade_id: string,
  action: CascadeAction,
  budget: Budget | null = null,
): Promise<string> {
  const { tenantId: tenant_id, store } = world
  return controlCascade({ store, bell }, { tenant_id, cascade: { cascade_id }, action, budget, traceparent: null })
}

export const runsOnly = (runs: number | null): Budget => ({ ...noBudget, runs })

/** Asks something of one of the newest cascades, with or without another budget. */
export async function control(
  world: World,
  index: number,
  action: CascadeAction | 'budget',
  runs: number | null,
): Promise<void> {
  const { store, tenantId } = world
  const some = (await cascadesOf(world)).slice(0, 6)
  const id = some[index % Math.max(1, some.length)]?.id
  if (id === undefined) return
  if (action === 'budget') return setCascadeBudget({ store }, tenantId, id, runsOnly(runs))
  await unlessRefused(() => ordered(world, id, action, action === 'resume' ? runsOnly(runs) : null))
}

export function capAll(world: World, budget: TenantBudget): Promise<void> {
  return setBudget({ store: world.store, bell }, world.tenantId, budget)
}

/** Nothing is capped any more, and what was paused goes on. */
async function uncap(world: World): Promise<void> {
  await capAll(world, { per_day: noBudget, per_cascade: noBudget })
  for (const { id } of await cascadesOf(world)) {
    await setCascadeBudget({ store: world.store }, world.tenantId, id, noBudget)
    const [cascade] = (await cascadesOf(world)).filter((one) => one.id === id)
    if (cascade?.paused_by) await ordered(world, id, 'resume')
  }
}

/** What failed is tried again, and what was cancelled is taken up again. */
export async function recover(world: World): Promise<void> {
  const left = (await allNodes(world)).filter(({ state }) => state === 'failed' || state === 'cancelled')
  for (const id of new Set(left.flatMap(({ cascade_id }) => cascade_id ?? []))) {
    await ordered(world, id, 'resume')
    await ordered(world, id, 'retry-failed')
  }
}

export async function drain(world: World): Promise<void> {
  await finish(world)
  await uncap(world)
  for (let round = 0; round < 200; round++) {
    if ((await work(world, 0)) > 0) continue
    if (await endCascade({ store: world.store, providers }, world.tenantId, newId())) return
  }
  throw new Error('the graph does not come to rest')
}
