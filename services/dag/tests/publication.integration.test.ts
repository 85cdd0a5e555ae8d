import { StudioError } from '@studio/kernel'
import type { Publishing } from '@studio/contracts'
import { createPublisher } from '../src/publisher.ts'
import { listUntold, markTold, readUntold } from '../src/store/publications.ts'
import { readStanding, readStandingBelow } from '../src/store/publication-standing.ts'
import {
  allNodes,
  create,
  drain,
  edit,
  joinBlobs,
  openGraphs,
  publishAs,
  remove,
  removeJoin,
  restore,
  rewireJoin,
  work,
  type World,
} from './graph-world.ts'

/** What is published together, when, and that blob hears of it. */

let graphs: Awaited<ReturnType<typeof openGraphs>>

beforeAll(async () => {
  graphs = await openGraphs()
}, 120_000)

afterAll(() => graphs?.close())

/** What readers of a world see, as blob would tell them. */
function readersOf(world: World) {
  const seen = new Map<string, Publishing>()
  return {
    /** Versions by blob; null: its head. */
    async look(): Promise<Map<string, number | null>> {
      const items = await readUntold(world.database, world.tenantId)
      for (const item of items)
        if (item.revision > (seen.get(item.blob_id)?.revision ?? -1)) seen.set(item.blob_id, item)
      await markTold(world.database, world.tenantId, items)
      return new Map([...seen].map(([id, { version }]) => [id, version]))
    },
    revisions: (): Set<number> => new Set([...seen.values()].map(({ revision }) => revision)),
  }
}

const versionsOf = async (world: World) =>
  new Map((await allNodes(world)).map(({ blob_id, version }) => [blob_id, version]))
const workOn = async (world: World): Promise<void> => {
  while ((await work(world, 0)) > 0);
}

test('all that is connected is published at once, when all of it has settled', async () => {
  const world = graphs.newWorld()
  const readers = readersOf(world)
  const [one, other] = [await create(world, 'one', 'atomic'), await create(world, 'other', 'atomic')]
  await joinBlobs(world, [one, other], 0)
  expect(await readers.look()).toEqual(new Map())
  await drain(world)
  const first = await versionsOf(world)
  expect(await readers.look()).toEqual(first)
  expect(readers.revisions().size).toBe(1)

  await edit(world, 0, 'one 2', false)
  await work(world, 1)
  expect(await readers.look()).toEqual(first)
  await edit(world, 0, 'one 3', false)
  await edit(world, 1, 'other 2', false)
  await workOn(world)
  const second = await versionsOf(world)
  expect(await readers.look()).toEqual(second)
  expect([second.get(one), second.get(other)]).toEqual([3, 2])
  expect(readers.revisions().size).toBe(1)

  await remove(world, 0)
  expect(await readers.look()).toEqual(second)
  await drain(world)
  expect(await readers.look()).toEqual(await versionsOf(world))
  await restore(world, 0, 'one 3')
  await drain(world)
  expect(await readers.look()).toEqual(await versionsOf(world))
})

test('what nothing follows from is published at once, and what is not atomic never waits', async () => {
  const world = graphs.newWorld()
  const readers = readersOf(world)
  const immediate = await create(world, 'immediate')
  await drain(world)
  expect(await readers.look()).toEqual(new Map())
  const one = await create(world, 'one', 'atomic')
  await drain(world)
  expect([...(await readers.look()).keys()]).not.toContain(immediate)
  await edit(world, 1, 'one', false)
  expect((await readers.look()).get(one)).toBe(2)
})

test('a failure holds back all that is connected, and nothing else', async () => {
  const world = graphs.newWorld()
  const readers = readersOf(world)
  const ids = [await create(world, 'one', 'atomic'), await create(world, 'other', 'atomic')]
  await drain(world)
  await readers.look()
  await edit(world, 0, 'one 2', false)
  await work(world, 1)
  await edit(world, 1, 'other 2', false)
  await workOn(world)
  const seen = await readers.look()
  expect(ids.map((id) => seen.get(id))).toEqual([1, 2])
  const failed = (await allNodes(world)).find(({ state }) => state === 'failed')?.blob_id ?? ''
  expect(await readStanding(world.database, world.tenantId, ids[0] ?? '')).toEqual({
    state: 'held_back',
    version: 1,
    held_back_by: [failed],
  })
  expect(await readStanding(world.database, world.tenantId, ids[1] ?? '')).toMatchObject({
    state: 'published',
    version: 2,
  })
  // On one connection as well: the two are statements of their own.
  await world.database.transaction(async (tx) => {
    const database = Object.assign(Object.create(world.database) as typeof world.database, tx)
    expect(await readStanding(database, world.tenantId, failed)).toMatchObject({ state: 'held_back', version: 1 })
    expect(await readStandingBelow(database, world.tenantId, ids[0] ?? '')).toEqual({
      state: 'held_back',
      held_back_by: [failed],
    })
  })
  await edit(world, 0, 'one 3', false)
  await workOn(world)
  expect(await readers.look()).toEqual(await versionsOf(world))
})

test('with another choice, or other inputs, blobs join and leave what is published together', async () => {
  const world = graphs.newWorld()
  const readers = readersOf(world)
  const [one, other] = [await create(world, 'one'), await create(world, 'other')]
  const joined = await joinBlobs(world, [one], 0)
  await drain(world)
  await publishAs(world, one, 'atomic')
  const first = await readers.look()
  expect([first.get(one), first.get(joined), first.has(other)]).toEqual([2, 1, false])
  await rewireJoin(world, joined, [other])
  await drain(world)
  expect((await readers.look()).get(joined)).toBeNull()
  await rewireJoin(world, joined, [one, other])
  expect((await readers.look()).get(joined)).toBeNull()
  await drain(world)
  expect((await readers.look()).get(joined)).toBe((await versionsOf(world)).get(joined))
  await removeJoin(world, joined)
  await drain(world)
  expect((await readers.look()).get(joined)).toBe((await versionsOf(world)).get(joined))
  await publishAs(world, one, 'immediate')
  expect((await readers.look()).get(one)).toBeNull()
})

test('blob is told until it has heard, by whoever comes first, and of the newest only', async () => {
  const world = graphs.newWorld()
  const one = await create(world, 'one', 'atomic')
  await drain(world)
  const told: Publishing[][] = []
  let isAway = true
  const failures: unknown[] = []
  const blob = {
    call: async (_name: string, { items }: { items: Publishing[] }) => {
      if (isAway) throw new StudioError('dependency_unavailable')
      told.push(items)
    },
  }
  const { database } = world
  const publisher = createPublisher(
    {
      listUntold: async () => (await listUntold(database)).filter((id) => id === world.tenantId),
      readUntold: (tenantId) => readUntold(database, tenantId),
      markTold: (tenantId, items) => markTold(database, tenantId, items),
    },
    blob as unknown as Parameters<typeof createPublisher>[1],
    (_tenantId, error) => failures.push(error),
  )
  publisher.poke(world.tenantId)
  await publisher.close()
  expect(failures).toHaveLength(1)
  await edit(world, 0, 'one 2', false)
  await drain(world)
  isAway = false
  await publisher.tellAll()
  await publisher.tellAll()
  expect(told).toHaveLength(1)
  expect(told[0]?.find(({ blob_id }) => blob_id === one)?.version).toBe(2)
})
