import { noBudget, type Budget, type Cascade } from '@studio/contracts'
import { newId, StudioError, toProblem } from '@studio/kernel'
import { claimWork } from '../src/domain/claim-work.ts'
import { endCascade } from '../src/domain/end-cascade.ts'
import type { NodeRow } from '../src/domain/ports.ts'
import { reconcile } from '../src/domain/reconcile.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { createBacklog } from '../src/store/backlog.ts'
import { readCascade } from '../src/store/read-cascade.ts'
import { readBudget } from '../src/store/tenant.ts'
import { expectConverged } from './converged.ts'
import { capAll, cascadesOf, drain, ordered, runsOnly } from './graph-control.ts'
import { finish, settlement, work } from './graph-work.ts'
import { allNodes, create, edit, joinBlobs, openGraphs, providers, type World } from './graph-world.ts'
import { workOffClaim } from './test-worker.ts'

/** Cascades that are held up on purpose: by a cap, or because somebody asked for it. */

let graphs: Awaited<ReturnType<typeof openGraphs>>

beforeAll(async () => {
  graphs = await openGraphs()
}, 120_000)

afterAll(() => graphs?.close())

/** A source with seven derived blobs, two of them (of the providers `first` and `second`) in a row. */
async function worldOfSeven(): Promise<World> {
  const world = graphs.newWorld()
  const source = await create(world, 'text 1')
  for (let parts = 1; parts <= 5; parts++) await joinBlobs(world, Array<string>(parts).fill(source), 0)
  await drain(world)
  return world
}

/** Works until nothing is ready; the cascade workflow ends then, so that it does not spin. */
async function workOn(world: World, fate = 0): Promise<void> {
  let rounds = 0
  while ((await work(world, fate)) > 0) expect(++rounds).toBeLessThan(50)
  expect(await endCascade({ store: world.store, providers }, world.tenantId, newId())).toBe(true)
}

async function newest(world: World): Promise<Cascade> {
  const [row] = await world.database.query<{ id: string }>(
    'newest-cascade',
    'select id from cascade where tenant_id = $1 order by started_at desc, id desc limit 1',
    [world.tenantId],
  )
  const cascade = row && (await readCascade(world.database, world.tenantId, row.id))
  if (!cascade) throw new Error('there is no cascade')
  return cascade
}

const perCascade = (budget: Budget) => ({ per_day: noBudget, per_cascade: budget })
const perDay = (budget: Budget) => ({ per_day: budget, per_cascade: noBudget })
const inState = async (world: World, state: NodeRow['state']) =>
  (await allNodes(world)).filter((node) => node.state === state)

test('at a cap of runs exactly so many begin, the rest waits, and a larger budget does the rest', async () => {
  const world = await worldOfSeven()
  await capAll(world, perCascade(runsOnly(3)))
  await edit(world, 0, 'text 2', false)
  await workOn(world)
  const paused = await newest(world)
  expect(paused).toMatchObject({
    state: 'paused',
    paused: { by: 'runs' },
    budget: { runs: 3 },
    planned: 7,
    spent: { runs: 3 },
    runs: { version: 3 },
    open: { dirty: 4 },
    settled_at: null,
  })
  // The reconciler has nothing to ring for either.
  expect((await createBacklog(world.database, 1000).listWaiting(0)).map((one) => one.tenant_id)).not.toContain(
    world.tenantId,
  )
  await expect(ordered(world, paused.id, 'resume')).rejects.toMatchObject({ code: 'budget_spent' })
  await expect(ordered(world, paused.id, 'resume', runsOnly(3))).rejects.toMatchObject({ code: 'budget_spent' })
  await ordered(world, paused.id, 'resume', runsOnly(5))
  await workOn(world)
  expect(await newest(world)).toMatchObject({ state: 'paused', spent: { runs: 5 }, runs: { version: 5 } })
  await ordered(world, paused.id, 'resume', noBudget)
  await workOn(world)
  expect(await newest(world)).toMatchObject({ state: 'settled', spent: { runs: 7 }, runs: { version: 7 }, open: {} })
  await expectConverged(world)
})

test('what is recorded goes on at any cap, and a newer change frees what it takes over', async () => {
  const world = await worldOfSeven()
  await edit(world, 0, 'text 2', false)
  await workOn(world)
  await capAll(world, perCascade(runsOnly(0)))
  await edit(world, 0, 'text 3', false)
  await workOn(world)
  const paused = await newest(world)
  expect(paused).toMatchObject({ state: 'paused', spent: { runs: 0 }, runs: {}, open: { dirty: 7 } })
  await edit(world, 0, 'text 1', false)
  await workOn(world)
  expect(await newest(world)).toMatchObject({ state: 'settled', spent: { runs: 0 }, runs: { memo: 7 } })
  expect(await readCascade(world.database, world.tenantId, paused.id)).toMatchObject({ state: 'settled', paused: null })
  await expectConverged(world)
})

test('what was recorded and is gone runs within the caps only', async () => {
  const world = await worldOfSeven()
  await edit(world, 0, 'text 2', false)
  await workOn(world)
  await capAll(world, perCascade(runsOnly(0)))
  await edit(world, 0, 'text 1', false)
  const error = toProblem(new StudioError('content_not_found'))
  const groups = await claimWork(
    { store: world.store, providers, taskQueue: 'q' },
    { tenant_id: world.tenantId, cascade_id: newId(), request_id: newId(), limit: 50 },
  )
  for (const group of groups) {
    const outcomes = await workOffClaim(world.database, group, (item) => ({
      ...settlement(item, false, 2, world.usage),
      error,
    }))
    await settleWork({ store: world.store, providers }, group.claim_id, outcomes)
  }
  await workOn(world)
  expect(await newest(world)).toMatchObject({ state: 'paused', spent: { runs: 0 }, runs: {}, open: { dirty: 7 } })
})

test('a run that comes back alone, or whose worker died, counts once', async () => {
  const world = await worldOfSeven()
  await edit(world, 0, 'text 2', false)
  await work(world, 2)
  await work(world, 3)
  await workOn(world)
  expect(await newest(world)).toMatchObject({ state: 'settled', spent: { runs: 7 }, runs: { version: 7 } })
})

test('tokens and money count when a run has ended', async () => {
  const world = await worldOfSeven()
  world.usage = { tokens: 10, cost_microdollars: 500 }
  await capAll(world, perCascade({ ...noBudget, cost_microdollars: 1 }))
  await edit(world, 0, 'text 2', false)
  await work(world, 0)
  await workOn(world)
  // All that was ready at first was begun before any of it was paid; the one below waits.
  expect(await newest(world)).toMatchObject({
    state: 'paused',
    paused: { by: 'cost_microdollars' },
    spent: { runs: 6, tokens: 60, cost_microdollars: 3000 },
    open: { dirty: 1 },
  })
  expect(await readBudget(world.database, world.tenantId)).toMatchObject({
    spent_today: { tokens: 60, cost_microdollars: 3000 },
  })
})

test('the cap of a day holds for all cascades, until the next day or a larger budget', async () => {
  const world = await worldOfSeven()
  const { spent_today: before } = await readBudget(world.database, world.tenantId)
  await capAll(world, perDay(runsOnly(before.runs + 2)))
  await edit(world, 0, 'text 2', false)
  await workOn(world)
  const paused = await newest(world)
  expect(paused).toMatchObject({ state: 'paused', paused: { by: 'daily_runs' }, spent: { runs: 2 } })
  await expect(ordered(world, paused.id, 'resume', noBudget)).rejects.toMatchObject({ code: 'budget_spent' })

  const rung: string[] = []
  const night = async (): Promise<void> => {
    await reconcile(
      {
        store: world.store,
        backlog: createBacklog(world.database, 30_000),
        bell: { ring: (tenantId) => void rung.push(tenantId) },
        workflows: { isAwake: async () => true, isRunning: async () => true },
        onFailure: (_tenantId, error) => {
          throw error
        },
      },
      { patienceMs: 60_000, mayRelease: false },
    )
  }
  await night()
  expect(rung).not.toContain(world.tenantId)
  await world.database.execute(
    'a-day-passes',
    `with earlier as (update cascade set paused_at = paused_at - interval '1 day' where tenant_id = $1)
     update tenant set spent = jsonb_set(spent::jsonb, '{day}', '"2026-01-01"') where tenant_id = $1`,
    [world.tenantId],
  )
  await night()
  expect(rung).toContain(world.tenantId)
  await capAll(world, perDay(runsOnly(4)))
  await workOn(world)
  expect(await newest(world)).toMatchObject({ state: 'paused', paused: { by: 'daily_runs' }, spent: { runs: 6 } })
  expect((await readBudget(world.database, world.tenantId)).spent_today.runs).toBe(4)

  await capAll(world, perDay(runsOnly(5)))
  await workOn(world)
  expect(await newest(world)).toMatchObject({ state: 'settled', spent: { runs: 7 } })
  await expectConverged(world)
})

test('a pause lets end what runs and begins nothing; asked for again, and resumed twice, it is the same', async () => {
  const world = await worldOfSeven()
  await edit(world, 0, 'text 2', false)
  await work(world, 5)
  const { id } = await newest(world)
  await ordered(world, id, 'pause')
  const { paused } = await newest(world)
  await ordered(world, id, 'pause')
  expect((await newest(world)).paused).toEqual(paused)
  await finish(world)
  await workOn(world)
  expect(await newest(world)).toMatchObject({
    state: 'paused',
    paused: { by: 'request' },
    runs: { version: 6 },
    open: { dirty: 1 },
  })
  await ordered(world, id, 'resume')
  await ordered(world, id, 'resume')
  await workOn(world)
  expect(await newest(world)).toMatchObject({ state: 'settled', paused: null, runs: { version: 7 } })
  await expect(ordered(world, id, 'pause')).rejects.toMatchObject({ code: 'cascade_ended' })
  await expect(ordered(world, id, 'cancel')).rejects.toMatchObject({ code: 'cascade_ended' })
  await ordered(world, id, 'resume')
  await expectConverged(world)
})

test('cancelled: what runs is taken away, what waits is given up, and a resumption derives all of it', async () => {
  const world = await worldOfSeven()
  await edit(world, 0, 'text 2', false)
  await work(world, 5)
  const { id } = await newest(world)
  await ordered(world, id, 'cancel')
  await ordered(world, id, 'cancel')
  // What the workers say now comes too late.
  await finish(world)
  await workOn(world)
  expect(await newest(world)).toMatchObject({ state: 'cancelled', runs: {}, open: { cancelled: 7 } })
  await expect(ordered(world, id, 'pause')).rejects.toMatchObject({ code: 'cascade_ended' })
  await expect(ordered(world, id, 'retry-failed')).rejects.toMatchObject({ code: 'cascade_ended' })
  await ordered(world, id, 'resume')
  await workOn(world)
  expect(await newest(world)).toMatchObject({ state: 'settled', runs: { version: 7 }, open: {} })
  await expectConverged(world)
})

test('a cancelled blob blocks what is below it, until an edit or a resumption', async () => {
  const world = graphs.newWorld()
  const [one, other] = [await create(world, 'one'), await create(world, 'other')]
  const above = await joinBlobs(world, [one], 0)
  const below = await joinBlobs(world, [above, other], 0)
  await drain(world)
  await edit(world, 0, 'one 2', false)
  await ordered(world, (await newest(world)).id, 'cancel')
  await edit(world, 1, 'other 2', false)
  await workOn(world)
  const stateOf = async (id: string) => (await allNodes(world)).find(({ blob_id }) => blob_id === id)?.state
  expect([await stateOf(above), await stateOf(below)]).toEqual(['cancelled', 'blocked'])
  await expectConverged(world)
  await edit(world, 0, 'one 3', false)
  await workOn(world)
  expect([await stateOf(above), await stateOf(below)]).toEqual(['settled', 'settled'])
  await expectConverged(world)
})

test('a run that was left alone for a newer change goes over to it, or is cancelled with it', async () => {
  for (const cancelled of ['older', 'newer']) {
    const world = graphs.newWorld()
    const source = await create(world, 'text 1')
    await joinBlobs(world, [source], 0)
    await drain(world)
    // The first run is taken away, which makes dag patient with the second.
    for (const text of ['text 2', 'text 3']) {
      await edit(world, 0, text, false)
      await work(world, 5)
    }
    const older = await newest(world)
    await edit(world, 0, 'text 4', false)
    const newer = await newest(world)
    expect((await allNodes(world)).map((node) => node.again_cascade_id)).toContain(newer.id)
    await ordered(world, cancelled === 'older' ? older.id : newer.id, 'cancel')
    await workOn(world)
    await finish(world)
    await expectConverged(world)
    expect((await inState(world, 'cancelled')).length).toBe(cancelled === 'older' ? 0 : 3)
    await ordered(world, cancelled === 'older' ? older.id : newer.id, 'resume')
    await workOn(world)
    await expectConverged(world)
    expect(await inState(world, 'cancelled')).toEqual([])
  }
})

test('what failed is tried again, and nothing else', async () => {
  const world = await worldOfSeven()
  await edit(world, 0, 'text 2', false)
  // One of each group fails.
  await work(world, 1)
  await workOn(world)
  const failed = await newest(world)
  expect(failed).toMatchObject({ state: 'settled', open: { failed: 2, blocked: 1 }, runs: { version: 4, failed: 2 } })
  await ordered(world, failed.id, 'retry-failed')
  await workOn(world)
  expect(await newest(world)).toMatchObject({
    id: failed.id,
    state: 'settled',
    open: {},
    planned: 10,
    runs: { version: 7, failed: 2 },
    spent: { runs: 9 },
  })
  await ordered(world, failed.id, 'retry-failed')
  expect(await newest(world)).toMatchObject({ planned: 10 })
  await expectConverged(world)
})

test("another tenant's cascade is not there", async () => {
  const [mine, theirs] = [await worldOfSeven(), await worldOfSeven()]
  const [{ id } = { id: '' }] = await cascadesOf(theirs)
  for (const action of ['pause', 'resume', 'cancel', 'retry-failed'] as const)
    await expect(ordered(mine, id, action)).rejects.toMatchObject({ code: 'cascade_not_found' })
  expect(await readCascade(mine.database, mine.tenantId, id)).toBeNull()
})

test('what another cascade has computed meanwhile costs a paused one nothing', async () => {
  const world = graphs.newWorld()
  for (const text of ['one', 'other']) await joinBlobs(world, [await create(world, text)], 0)
  await drain(world)
  await capAll(world, perCascade(runsOnly(0)))
  await edit(world, 0, 'equal', false)
  await workOn(world)
  const paused = await newest(world)
  await capAll(world, perCascade(noBudget))
  await edit(world, 1, 'equal', false)
  await workOn(world)
  await ordered(world, paused.id, 'resume', noBudget)
  await workOn(world)
  expect(await readCascade(world.database, world.tenantId, paused.id)).toMatchObject({
    state: 'settled',
    spent: { runs: 0 },
    runs: { memo: 3 },
  })
  await expectConverged(world)
})
