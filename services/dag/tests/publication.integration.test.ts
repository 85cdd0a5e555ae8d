import { newId, StudioError } from '@studio/kernel'
import type { ClaimGroup, Publishing } from '@studio/contracts'
import { claimWork } from '../src/domain/claim-work.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { createPublisher } from '../src/publisher.ts'
import { createGraphStore } from '../src/store/graph-store.ts'
import { listUntold, markTold, readUntold } from '../src/store/publications.ts'
import { readStanding, readStandingBelow } from '../src/store/publication-standing.ts'
import { drain } from './graph-control.ts'
import { settlement, work } from './graph-work.ts'
import {
  allNodes,
  create,
  edit,
  joinBlobs,
  openGraphs,
  providers,
  publishAs,
  remove,
  removeJoin,
  restore,
  rewireJoin,
  type World,
} from './graph-world.ts'
import { workOffClaim, type WorkItem } from './test-worker.ts'

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

const claim = (world: World) =>
  claimWork(
    { store: world.store, providers, taskQueue: 'q' },
    { tenant_id: world.tenantId, cascade_id: newId(), request_id: newId(), limit: 50 },
  )

async function settle(world: World, group: ClaimGroup, fails: (item: WorkItem) => boolean = () => false) {
  const outcomes = await workOffClaim(world.database, group, (item) =>
    settlement(item, group.kind === 'delete', fails(item) ? 1 : 0, world.usage),
  )
  await settleWork({ store: world.store, providers }, group.claim_id, outcomes)
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

test('who publishes nothing together any more pays nothing for it, until the next choice', async () => {
  const world = graphs.newWorld()
  const readers = readersOf(world)
  const publishes = () => world.database.query('publishes', 'select publishes from tenant where tenant_id = $1', [world.tenantId]) // prettier-ignore
  const [one, other] = [await create(world, 'one', 'atomic'), await create(world, 'other', 'atomic')]
  await drain(world)
  await publishAs(world, one, 'immediate')
  expect(await publishes()).toEqual([{ publishes: true }])
  await publishAs(world, other, 'immediate')
  expect(await publishes()).toEqual([{ publishes: false }])
  await edit(world, 0, 'one 2', false)
  await publishAs(world, other, 'atomic')
  await edit(world, 1, 'other 2', false)
  await drain(world)
  const [seen, versions] = [await readers.look(), await versionsOf(world)]
  expect([seen.get(one), seen.get(other)]).toEqual([null, versions.get(other)])
})

test('what leaves, or is deleted, holds back nothing of what it was connected with, nor does that', async () => {
  const world = graphs.newWorld()
  const readers = readersOf(world)
  const [one, other] = [await create(world, 'one', 'atomic'), await create(world, 'other', 'atomic')]
  const joined = await joinBlobs(world, [one, other], 0)
  for (let groups = await claim(world); groups.length > 0; groups = await claim(world))
    for (const group of groups)
      await settle(world, group, ({ provider_id, parent_id }) => provider_id === 'first' && parent_id === one)
  expect(await readers.look()).toEqual(new Map())
  await publishAs(world, one, 'immediate')
  const seen = await readers.look()
  expect([seen.get(one), seen.get(other), seen.get(joined)]).toEqual([null, 1, 1])
})

test('the deletion of what only others hold back is published, though what it fed is no longer', async () => {
  const world = graphs.newWorld()
  const readers = readersOf(world)
  const [one, other] = [await create(world, 'one', 'atomic'), await create(world, 'other')]
  const removed = await joinBlobs(world, [one], 0)
  await joinBlobs(world, [removed, other], 0)
  await drain(world)
  await removeJoin(world, removed)
  const groups = await claim(world)
  expect(groups.map(({ kind }) => kind).sort()).toEqual(['delete', 'run'])
  for (const group of groups.sort((left, right) => left.kind.localeCompare(right.kind))) await settle(world, group)
  await drain(world)
  expect((await readers.look()).get(removed)).toBe((await versionsOf(world)).get(removed))
})

test('a settlement looks at all that is connected only where nothing of it waits any more', async () => {
  const world = graphs.newWorld()
  const { database } = world
  let rows = 0
  const counting = Object.assign(Object.create(database) as typeof database, {
    transaction: (change: Parameters<typeof database.transaction>[0]) =>
      database.transaction((tx) =>
        change({
          ...tx,
          query: async (name: string, ...rest: [string, unknown[]]) => {
            const found = await tx.query(name, ...rest)
            if (name === 'read-connected') rows += found.length
            return found
          },
        } as typeof tx),
      ),
  })
  const counted: World = {
    ...world,
    store: createGraphStore(counting, { leaseMs: 30_000, patienceMs: 0 }, () => undefined),
  }
  const source = await create(counted, 'one', 'atomic')
  for (let leaf = 0; leaf < 20; leaf += 1) {
    const joined = await joinBlobs(counted, [source, await create(counted, 'two')], 0)
    await joinBlobs(counted, [joined], 0)
  }
  await drain(counted)
  expect((await readersOf(world).look()).size).toBe(43)
  rows = 0
  await edit(counted, 0, 'one 2', false)
  await drain(counted)
  expect((await readersOf(world).look()).size).toBe(43)
  expect(rows).toBeLessThan(2 * 43)
})

/** dag's publisher for these worlds, and a blob that keeps what it is told, or refuses it with an error. */
function publisherOf(worlds: readonly World[], refusal: (tenantId: string) => StudioError | null) {
  const [{ database }] = worlds as [World]
  const told: { tenant_id: string; items: Publishing[] }[] = []
  const failures: [string, unknown][] = []
  const blob = {
    call: async (_name: string, request: { tenant_id: string; items: Publishing[] }) => {
      const error = refusal(request.tenant_id)
      if (error) throw error
      told.push(request)
    },
  }
  const publisher = createPublisher(
    {
      listUntold: async () => {
        const ids = await listUntold(database)
        return worlds.map(({ tenantId }) => tenantId).filter((id) => ids.includes(id))
      },
      readUntold: (tenantId) => readUntold(database, tenantId),
      markTold: (tenantId, items) => markTold(database, tenantId, items),
    },
    blob as unknown as Parameters<typeof createPublisher>[1],
    (...failure) => failures.push(failure),
  )
  return { publisher, told, failures }
}

test('one tenant of whom blob is not to be told keeps no other one waiting', async () => {
  const [refused, fine] = [graphs.newWorld(), graphs.newWorld()]
  for (const world of [refused, fine]) {
    await create(world, 'one', 'atomic')
    await drain(world)
  }
  const error = new StudioError('invalid_request')
  const { publisher, told, failures } = publisherOf([refused, fine], (id) => (id === refused.tenantId ? error : null))
  await publisher.tellAll()
  expect(failures).toEqual([[refused.tenantId, error]])
  expect(told.map(({ tenant_id }) => tenant_id)).toEqual([fine.tenantId])
})

test('blob is told until it has heard, by whoever comes first, and of the newest only', async () => {
  const world = graphs.newWorld()
  const one = await create(world, 'one', 'atomic')
  await drain(world)
  let isAway = true
  const away = () => (isAway ? new StudioError('dependency_unavailable') : null)
  const { publisher, told, failures } = publisherOf([world], away)
  publisher.poke(world.tenantId)
  await publisher.close()
  expect(failures).toHaveLength(1)
  await edit(world, 0, 'one 2', false)
  await drain(world)
  isAway = false
  await publisher.tellAll()
  await publisher.tellAll()
  expect(told).toHaveLength(1)
  expect(told[0]?.items.find(({ blob_id }) => blob_id === one)?.version).toBe(2)
})
