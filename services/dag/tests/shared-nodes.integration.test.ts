import { noBudget, type Cascade } from '@studio/contracts'
import { readCascade } from '../src/store/read-cascade.ts'
import { expectConverged } from './converged.ts'
import { capAll, drain, ordered, runsOnly } from './graph-control.ts'
import { finish, work } from './graph-work.ts'
import { allNodes, create, edit, editBoth, joinBlobs, openGraphs, type World } from './graph-world.ts'

/** A blob under several roots: each root's cascade counts on it, none overwrites another, and none stops what another one wants. */

let graphs: Awaited<ReturnType<typeof openGraphs>>

beforeAll(async () => {
  graphs = await openGraphs()
}, 120_000)

afterAll(() => graphs?.close())

/** Sources `one` and `other`, each with its own chain of two, and a blob that both feed. */
async function twoRoots(): Promise<{ world: World; shared: string }> {
  const world = graphs.newWorld()
  const ids = [await create(world, 'one'), await create(world, 'other')]
  const shared = await joinBlobs(world, ids, 0)
  await drain(world)
  return { world, shared }
}

/** The cascade of the newest edit. */
async function newest(world: World): Promise<string> {
  const [row] = await world.database.query<{ id: string }>(
    'newest-cascade',
    'select id from cascade where tenant_id = $1 order by started_at desc, id desc limit 1',
    [world.tenantId],
  )
  if (!row) throw new Error('there is no cascade')
  return row.id
}

async function edited(world: World, index: number, text: string): Promise<string> {
  await edit(world, index, text, false)
  return newest(world)
}

async function cascade(world: World, id: string): Promise<Cascade> {
  const found = await readCascade(world.database, world.tenantId, id)
  if (!found) throw new Error('there is no such cascade')
  return found
}

const stateOf = async (world: World, id: string) => (await allNodes(world)).find(({ blob_id }) => blob_id === id)

async function workOn(world: World): Promise<void> {
  for (let rounds = 0; (await work(world, 0)) > 0; rounds++) expect(rounds).toBeLessThan(20)
}

/** Everything but the shared blob is done. */
async function workAllBut(world: World, shared: string): Promise<void> {
  await work(world, 5)
  const [held] = world.running.filter(({ outcomes }) => outcomes.some(({ node_id }) => node_id === shared))
  world.running.splice(0, world.running.length, ...world.running.filter((one) => one !== held))
  await finish(world)
  await workOn(world)
  if (held) world.running.push(held)
}

test('a cascade whose blob another root has taken over settles with that blob, not before; its run counts for both, and the newest pays', async () => {
  const { world, shared } = await twoRoots()
  const first = await edited(world, 0, 'one 2')
  const second = await edited(world, 1, 'other 2')
  await workAllBut(world, shared)
  expect(await cascade(world, first)).toMatchObject({
    state: 'running',
    planned: 3,
    runs: { version: 2 },
    open: { running: 1 },
  })
  expect(await cascade(world, second)).toMatchObject({
    state: 'running',
    planned: 3,
    runs: { version: 2 },
    open: { running: 1 },
  })
  await finish(world)
  await workOn(world)
  expect(await cascade(world, first)).toMatchObject({
    state: 'settled',
    runs: { version: 3 },
    spent: { runs: 2 },
    open: {},
  })
  expect(await cascade(world, second)).toMatchObject({
    state: 'settled',
    runs: { version: 3 },
    spent: { runs: 3 },
    open: {},
  })
  await expectConverged(world)
})

test('edits that arrive together share their blob as well', async () => {
  const { world } = await twoRoots()
  await editBoth(world, 'one 2', 'other 2')
  await drain(world)
  const rows = await world.database.query<{ id: string }>(
    'newest-two',
    'select id from cascade where tenant_id = $1 order by started_at desc limit 2',
    [world.tenantId],
  )
  for (const { id } of rows)
    expect(await cascade(world, id)).toMatchObject({ state: 'settled', planned: 3, runs: { version: 3 } })
  await expectConverged(world)
})

test('a newer edit of the same root takes the shared blob over, and the other root waits on', async () => {
  const { world } = await twoRoots()
  const first = await edited(world, 0, 'one 2')
  const other = await edited(world, 1, 'other 2')
  const newer = await edited(world, 0, 'one 3')
  await work(world, 5)
  expect(await cascade(world, first)).toMatchObject({ open: {} })
  expect(await cascade(world, other)).toMatchObject({ state: 'running', open: { running: 2, dirty: 1 } })
  await finish(world)
  await workOn(world)
  await drain(world)
  expect(await cascade(world, first)).toMatchObject({ state: 'settled', runs: {} })
  for (const id of [other, newer])
    expect(await cascade(world, id)).toMatchObject({ state: 'settled', runs: { version: 3 } })
  await expectConverged(world)
})

test.each(['the older', 'the newer'])(
  '%s of two cascades is paused: the shared blob runs for the other, on the newest inputs',
  async (which) => {
    const { world, shared } = await twoRoots()
    const first = await edited(world, 0, 'one 2')
    const second = await edited(world, 1, 'other 2')
    const [paused, going] = which === 'the older' ? [first, second] : [second, first]
    await ordered(world, paused, 'pause')
    await workOn(world)
    expect(await stateOf(world, shared)).toMatchObject({ state: 'settled' })
    expect(await cascade(world, going)).toMatchObject({ state: 'settled', runs: { version: 3 }, spent: { runs: 3 } })
    expect(await cascade(world, paused)).toMatchObject({
      state: 'paused',
      runs: { version: 1 },
      open: { dirty: 2 },
      spent: { runs: 0 },
    })
    await ordered(world, paused, 'resume')
    await drain(world)
    expect(await cascade(world, paused)).toMatchObject({ state: 'settled', runs: { version: 3 }, spent: { runs: 2 } })
    await expectConverged(world)
  },
)

test('a blob whose cascades are all paused waits, and goes on with whichever is resumed', async () => {
  for (const resumed of [0, 1]) {
    const { world, shared } = await twoRoots()
    const both = [await edited(world, 0, 'one 2'), await edited(world, 1, 'other 2')]
    for (const id of both) await ordered(world, id, 'pause')
    await workOn(world)
    expect(await stateOf(world, shared)).toMatchObject({ state: 'dirty', held: true })
    await ordered(world, both[resumed] ?? '', 'resume')
    await workOn(world)
    expect(await stateOf(world, shared)).toMatchObject({ state: 'settled' })
    await drain(world)
    await expectConverged(world)
  }
})

test('a cap pauses the cascade that has it; the shared blob is paid for by the other', async () => {
  const { world, shared } = await twoRoots()
  const first = await edited(world, 0, 'one 2')
  await capAll(world, { per_day: noBudget, per_cascade: runsOnly(0) })
  const second = await edited(world, 1, 'other 2')
  await workOn(world)
  expect(await stateOf(world, shared)).toMatchObject({ state: 'settled' })
  expect(await cascade(world, first)).toMatchObject({ state: 'settled', spent: { runs: 3 } })
  expect(await cascade(world, second)).toMatchObject({ state: 'paused', paused: { by: 'runs' }, spent: { runs: 0 } })
})

test.each(['the older', 'the newer'])(
  '%s of two cascades is cancelled: the shared blob is derived for the other',
  async (which) => {
    for (const isRunning of [false, true]) {
      const { world, shared } = await twoRoots()
      const first = await edited(world, 0, 'one 2')
      const second = await edited(world, 1, 'other 2')
      if (isRunning) await work(world, 5)
      const [cancelled, going] = which === 'the older' ? [first, second] : [second, first]
      await ordered(world, cancelled, 'cancel')
      await finish(world)
      await workOn(world)
      expect(await stateOf(world, shared)).toMatchObject({ state: 'settled' })
      expect(await cascade(world, going)).toMatchObject({ state: 'settled', runs: { version: 3 } })
      expect(await cascade(world, cancelled)).toMatchObject({ state: 'cancelled', open: { cancelled: 2 } })
      await ordered(world, cancelled, 'resume')
      await drain(world)
      await expectConverged(world)
    }
  },
)

test('a run that was left alone for the edit of another root is followed by one for both', async () => {
  const { world, shared } = await twoRoots()
  // The first run is taken away, which makes dag patient with the second.
  await edited(world, 0, 'one 2')
  await work(world, 5)
  const alone = await edited(world, 0, 'one 3')
  await work(world, 5)
  const [other, again] = [await edited(world, 1, 'other 2'), await edited(world, 0, 'one 4')]
  expect(await stateOf(world, shared)).toMatchObject({ state: 'running', again_cascade_id: again })
  await finish(world)
  expect(await cascade(world, other)).toMatchObject({ state: 'running' })
  await drain(world)
  for (const id of [other, again]) expect(await cascade(world, id)).toMatchObject({ state: 'settled' })
  expect((await cascade(world, other)).runs).toEqual({ version: 3 })
  expect((await cascade(world, alone)).state).toBe('settled')
  await expectConverged(world)
})
