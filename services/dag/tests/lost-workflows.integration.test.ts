import { newId } from '@studio/kernel'
import { claimWork } from '../src/domain/claim-work.ts'
import { reconcile } from '../src/domain/reconcile.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { createBacklog } from '../src/store/backlog.ts'
import { expectConverged } from './converged.ts'
import { bell } from './fixture.ts'
import { cascadesOf, create, drain, edit, openGraphs, providers, settlement, type World } from './graph-world.ts'
import { workOffClaim } from './test-worker.ts'

/** An emptied Temporal takes with it the workflow that would have ended cascades: the rows alone must do. */

let graphs: Awaited<ReturnType<typeof openGraphs>>
beforeAll(async () => {
  graphs = await openGraphs()
}, 120_000)
afterAll(() => graphs?.close())

/** Works off all that is ready; no cascade workflow looks again. */
async function workUntilNothingIsReady(world: World): Promise<void> {
  const { store, database, tenantId: tenant_id } = world
  for (;;) {
    const request = { tenant_id, cascade_id: newId(), request_id: newId(), limit: 50 }
    const groups = await claimWork({ store, providers, taskQueue: 'q' }, request)
    if (groups.length === 0) return
    for (const group of groups) {
      const outcomes = await workOffClaim(database, group, (item) => settlement(item, false, 0, world.usage))
      await settleWork({ store, providers }, group.claim_id, outcomes)
    }
  }
}

const openCascades = async (world: World) =>
  (await cascadesOf(world)).filter(({ settled_at }) => settled_at === null).length

const reconcileAll = ({ store, database }: World) =>
  reconcile(
    {
      store,
      backlog: createBacklog(database, 30_000),
      bell,
      workflows: { isAwake: () => Promise.resolve(false), isRunning: () => Promise.resolve(false) },
    },
    { patienceMs: 0, mayRelease: true },
  )

test('cascades whose work newer edits took over are settled all the same, and those with work are not', async () => {
  const world = graphs.newWorld()
  await create(world, 'a')
  await drain(world)
  await edit(world, 0, 'b', false)
  await edit(world, 0, 'c', false)
  await reconcileAll(world)
  expect(await openCascades(world)).toBe(1)

  await edit(world, 0, 'd', false)
  await workUntilNothingIsReady(world)
  expect(await openCascades(world)).toBe(1)
  await reconcileAll(world)
  expect(await openCascades(world)).toBe(0)
  await expectConverged(world)
})
