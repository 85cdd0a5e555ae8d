import { newId, StudioError, toProblem } from '@studio/kernel'
import { claimWork } from '../src/domain/claim-work.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { sweepMemos, type MemoBounds } from '../src/domain/sweep-memos.ts'
import { createMemoBacklog } from '../src/store/memos.ts'
import { workOffClaim } from './test-worker.ts'
import { cascadesOf, drain, ordered } from './graph-control.ts'
import { finish, settlement, work } from './graph-work.ts'
import { allNodes, create, edit, openGraphs, providers, type World } from './graph-world.ts'

let graphs: Awaited<ReturnType<typeof openGraphs>>
beforeAll(async () => {
  graphs = await openGraphs()
}, 120_000)
afterAll(() => graphs?.close())

const plenty: MemoBounds = { days: 90, bytes: 2 ** 40 }

const sweep = ({ store, database }: World, bounds: Partial<MemoBounds> = {}) =>
  sweepMemos({ store, memos: createMemoBacklog(database) }, { ...plenty, ...bounds })

async function recorded({ database, tenantId }: World): Promise<string[]> {
  const rows = await database.query<{ key: string }>('recorded', 'select key from memo where tenant_id = $1', [
    tenantId,
  ])
  return rows.map(({ key }) => key)
}

/** A world of one source that had these contents one after the other, and for each content the keys that it brought: one of each provider. */
async function lived<Text extends string>(...texts: Text[]): Promise<{ world: World; keys: Record<Text, string[]> }> {
  const world = graphs.newWorld()
  const keys: Record<string, string[]> = {}
  for (const [at, text] of texts.entries()) {
    const before = new Set(await recorded(world))
    await (at === 0 ? create(world, text) : edit(world, 0, text, false))
    await drain(world)
    keys[text] = (await recorded(world)).filter((key) => !before.has(key))
    expect(keys[text]).toHaveLength(2)
  }
  return { world, keys: keys }
}

const age = ({ database, tenantId }: World, keys: readonly string[], days: number) =>
  database.execute(
    'age',
    `update memo set used_at = now() - $3 * interval '1 day' where tenant_id = $1 and key = any($2::text[])`,
    [tenantId, keys, days],
  )

/** How often these keys were computed, all together. */
async function computed({ database, tenantId }: World, keys: readonly string[]): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    'computed',
    `select count(*) from run where tenant_id = $1 and key = any($2::text[]) and outcome in ('version', 'cutoff')`,
    [tenantId, keys],
  )
  return Number(row?.count)
}

const expectRecorded = async (world: World, ...keys: string[][]) =>
  expect((await recorded(world)).toSorted()).toEqual(keys.flat().toSorted())

test('what was not used for so long is dropped and runs again; a current output stays however old it is', async () => {
  const { world, keys } = await lived('a', 'b', 'c')
  await age(world, [...keys.a, ...keys.c], 91)
  await age(world, keys.b, 89)
  expect(await sweep(world)).toBe(2)
  await expectRecorded(world, keys.b, keys.c)
  await edit(world, 0, 'b', false)
  await drain(world)
  await edit(world, 0, 'a', false)
  await drain(world)
  expect([await computed(world, keys.b), await computed(world, keys.a)]).toEqual([2, 4])
  await expectRecorded(world, keys.a, keys.b, keys.c)
})

test('an output is of use for as long as a node has it', async () => {
  const { world, keys } = await lived('a')
  await age(world, keys.a, 100)
  await edit(world, 0, 'b', false)
  await drain(world)
  expect(await sweep(world)).toBe(0)
  expect(await recorded(world)).toEqual(expect.arrayContaining(keys.a))
})

test.each(['failed', 'cancelled', 'dirty'])(
  'an output is of use also where its node is %s since it was claimed anew',
  async (state) => {
    const { world, keys } = await lived('a')
    await edit(world, 0, 'b', false)
    await work(world, state === 'failed' ? 1 : 5)
    const [cascade] = await cascadesOf(world)
    if (state === 'cancelled') await ordered(world, cascade?.id ?? '', 'cancel')
    if (state === 'dirty') await edit(world, 0, 'c', false)
    const ofTheFirst = (await allNodes(world)).find(({ provider_id }) => provider_id === 'first')
    expect(ofTheFirst).toMatchObject({ state, last_key: null })
    await age(world, keys.a, 100)
    expect(await sweep(world)).toBe(0)
    await edit(world, 0, 'a', false)
    await drain(world)
    expect(await computed(world, keys.a)).toBe(2)
  },
)

test('what answered a claim was of use, also where an edit overtook it', async () => {
  const { world, keys } = await lived('a', 'b')
  await age(world, keys.a, 100)
  await edit(world, 0, 'a', false)
  expect(await work(world, 5)).toBe(1)
  await edit(world, 0, 'c', false)
  await drain(world)
  // The second provider's output of a was never asked for.
  expect(await sweep(world)).toBe(1)
  expect((await recorded(world)).filter((key) => keys.a.includes(key))).toHaveLength(1)
})

test('what a run under way may have been answered with stays', async () => {
  const { world, keys } = await lived('a', 'b')
  await edit(world, 0, 'a', false)
  await work(world, 5)
  await age(world, keys.a, 100)
  expect(await sweep(world)).toBe(1)
  await finish(world)
  await drain(world)
  const missing = await world.database.query(
    'current-without-memo',
    'select from node where tenant_id = $1 and last_key is not null and not exists (select from memo where memo.tenant_id = node.tenant_id and key = last_key)',
    [world.tenantId],
  )
  expect(missing).toEqual([])
})

test('beyond so many bytes a tenant the least recently used go; a current output stays', async () => {
  const { world, keys } = await lived('a', 'b', 'c')
  const other = await lived('a', 'b')
  // Each output counts one byte.
  await age(world, keys.c, 1)
  await age(world, keys.a, 2)
  await age(world, keys.b, 3)
  await sweep(world, { bytes: 6 })
  await expectRecorded(world, keys.a, keys.b, keys.c)
  await sweep(world, { bytes: 5 })
  await expectRecorded(world, keys.a, keys.c)
  await expectRecorded(other.world, other.keys.a, other.keys.b)
  await age(world, keys.c, 4)
  await sweep(world, { bytes: 2 })
  await expectRecorded(world, keys.a, keys.c)
  await expectRecorded(other.world, other.keys.b)
})

test('several replicas drop each but once', async () => {
  const texts = Array.from({ length: 30 }, (_, at) => `text ${at}`)
  const { world, keys } = await lived(...texts)
  await age(world, texts.flatMap((text) => keys[text] ?? []), 100) // prettier-ignore
  const dropped = await Promise.all([sweep(world), sweep(world), sweep(world)])
  expect(dropped.reduce((sum, count) => sum + count, 0)).toBe(58)
  await expectRecorded(world, keys['text 29'] ?? [])
})

test('a recorded output whose content is gone is forgotten, and made again', async () => {
  const { world, keys } = await lived('a', 'b')
  await edit(world, 0, 'a', false)
  const [group] = await claimWork(
    { store: world.store, providers, taskQueue: 'q' },
    { tenant_id: world.tenantId, cascade_id: newId(), request_id: newId(), limit: 50 },
  )
  if (!group) throw new Error('nothing is to be done')
  const error = toProblem(new StudioError('content_not_found'))
  const offered: string[] = []
  const outcomes = await workOffClaim(world.database, group, (item) => {
    if (item.memo) offered.push(item.key)
    return { ...settlement(item, false, 2, world.usage), outcome: 'returned', error }
  })
  const [key = 'nothing recorded was offered'] = offered
  await settleWork({ store: world.store, providers }, group.claim_id, outcomes)
  expect(await recorded(world)).not.toContain(key)
  await drain(world)
  expect(await computed(world, [key])).toBe(2)
  expect(await computed(world, keys.a)).toBe(3)
  expect(await recorded(world)).toContain(key)
})
