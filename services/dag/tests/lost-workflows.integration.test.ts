import { newId } from '@studio/kernel'
import { claimWork } from '../src/domain/claim-work.ts'
import { reconcile } from '../src/domain/reconcile.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { createBacklog } from '../src/store/backlog.ts'
import { readClaim } from '../src/store/claim-reader.ts'
import { expectConverged } from './converged.ts'
import { bell } from './fixture.ts'
import { cascadesOf, drain } from './graph-control.ts'
import { settlement } from './graph-work.ts'
import { allNodes, create, edit, openGraphs, providers, type World } from './graph-world.ts'
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

const noneRuns = () => Promise.resolve(false)

/** One turn of the reconciler; answers what it could not do. */
async function reconcileAll({ store, database }: World, isRunning: () => Promise<boolean> = noneRuns) {
  const failures: [string | null, unknown][] = []
  await reconcile(
    {
      store,
      backlog: createBacklog(database, 30_000),
      bell,
      workflows: { isAwake: isRunning, isRunning },
      onFailure: (...failure) => void failures.push(failure),
    },
    { patienceMs: 0, mayRelease: true },
  )
  return failures
}

test('cascades whose work newer edits took over are settled all the same, and those with work are not', async () => {
  const world = graphs.newWorld()
  await create(world, 'a')
  await drain(world)
  await edit(world, 0, 'b', false)
  await edit(world, 0, 'c', false)
  expect(await reconcileAll(world)).toEqual([])
  expect(await openCascades(world)).toBe(1)

  await edit(world, 0, 'd', false)
  await workUntilNothingIsReady(world)
  expect(await openCascades(world)).toBe(1)
  expect(await reconcileAll(world)).toEqual([])
  expect(await openCascades(world)).toBe(0)
  await expectConverged(world)
})

/** A source whose cascade has nothing left to do, and is open. */
async function aFinished(): Promise<World> {
  const world = graphs.newWorld()
  await create(world, 'a')
  await drain(world)
  await edit(world, 0, 'b', false)
  await edit(world, 0, 'c', false)
  await workUntilNothingIsReady(world)
  expect(await openCascades(world)).toBe(1)
  return world
}

test('what cannot be done for one tenant keeps no other one waiting', async () => {
  const [broken, ...others] = [await aFinished(), await aFinished(), await aFinished()] as const
  const { database, tenantId } = broken
  await database.execute('break', `alter table cascade add constraint broken check (tenant_id <> '${tenantId}' or settled_at is null) not valid`, []) // prettier-ignore
  expect(await reconcileAll(broken)).toEqual([[tenantId, expect.objectContaining({ code: '23514' })]])
  expect(await Promise.all(others.map(openCascades))).toEqual([0, 0])
  await database.execute('mend', 'alter table cascade drop constraint broken', [])
  expect(await reconcileAll(broken)).toEqual([])
  expect(await openCascades(broken)).toBe(0)
})

/** One claimed text of a world, whose lease is over. */
async function anExpired(isRead: boolean): Promise<World> {
  const world = graphs.newWorld()
  const { store, database, tenantId: tenant_id } = world
  await create(world, 'a')
  const request = { tenant_id, cascade_id: newId(), request_id: newId(), limit: 50 }
  const [group] = await claimWork({ store, providers, taskQueue: 'q' }, request)
  if (!group) throw new Error('nothing to do')
  if (isRead) await readClaim(database, group.claim_id, 30_000)
  await database.execute('expire', `update node set lease_until = now() - interval '1 s' where claim_id = $1`, [
    group.claim_id,
  ])
  return world
}

test('while Temporal is away only what it would be asked about waits', async () => {
  const [unread, other, read, finished] = [
    await anExpired(false),
    await anExpired(false),
    await anExpired(true),
    await aFinished(),
  ]
  const isAway = Promise.reject(new Error('Temporal is away'))
  expect(await reconcileAll(read, () => isAway)).toHaveLength(1)
  expect(await openCascades(finished)).toBe(0)
  const running = async (world: World) => (await allNodes(world)).filter(({ state }) => state === 'running').length
  expect(await Promise.all([unread, other, read].map(running))).toEqual([1, 1, 0])
  await reconcileAll(read)
  expect(await Promise.all([unread, other, read].map(running))).toEqual([0, 0, 0])
})
