import type { ClaimGroup, NextGroup } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { settleAndGoOn } from '../src/domain/claim-next.ts'
import { claimWork } from '../src/domain/claim-work.ts'
import type { Arrivals, GraphStore } from '../src/domain/ports.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { readClaim } from '../src/store/claim-reader.ts'
import { expectConverged } from './converged.ts'
import { bell } from './fixture.ts'
import { workOffClaim } from './test-worker.ts'
import { workerThatGoesOn } from './going-on.ts'
import { drain } from './graph-control.ts'
import { settlement } from './graph-work.ts'
import { create, edit, openGraphs, providers, type World } from './graph-world.ts'

/** What a worker goes on with. `first` is the provider of every text; it takes batches of three. */

let graphs: Awaited<ReturnType<typeof openGraphs>>
beforeAll(async () => {
  graphs = await openGraphs()
}, 120_000)
afterAll(() => graphs?.close())

async function worker(world: World) {
  await create(world, 'a')
  return await workerThatGoesOn(world)
}

/** A claim as it is answered again: its worker reads it then. */
const unread = ({ items: _, ...group }: NextGroup): ClaimGroup => group

const leased = async (world: World): Promise<number> => {
  const [row] = await world.database.query<{ count: number }>(
    'count-leased',
    `select count(*)::int as count from node where tenant_id = $1 and state = 'running'`,
    [world.tenantId],
  )
  return row?.count ?? 0
}

it('is what is ready of the same provider, under the same workflow; said again it is the same', async () => {
  const world = graphs.newWorld()
  const { ask, workOff, workflowId } = await worker(world)
  for (const text of ['b', 'c', 'd', 'e']) await create(world, text)
  const request_id = newId()
  const groups = await ask({ request_id })
  expect(groups).toMatchObject([{ provider_id: 'first', size: 3, workflow_id: workflowId }])
  const [{ claim_id, items } = { claim_id: '', items: undefined }] = groups
  expect(items).toHaveLength(3)
  expect(items).toEqual(await readClaim(world.database, claim_id, 30_000))
  expect(await ask({ request_id })).toEqual(groups.map(unread))
  for (const group of groups) await workOff(group)
  await drain(world)
  await expectConverged(world)
})

/** Whoever waits hears of changes only, and never looks again by itself; `waits` resolves when the next one has begun to wait. */
function byChangesOnly({ store, arrivals }: World) {
  let begun = Promise.withResolvers<void>()
  const watched: Arrivals = {
    watched: (tenantId) => arrivals.watched(tenantId),
    watch(tenantId, providerId) {
      const watch = arrivals.watch(tenantId, providerId)
      return (
        watch && {
          next: () => {
            begun.resolve()
            return watch.next(60_000)
          },
          close: () => watch.close(),
        }
      )
    },
  }
  return {
    world: { store, arrivals: watched },
    waits: async () => {
      await begun.promise
      begun = Promise.withResolvers()
    },
  }
}

it('comes while it waits, and nothing comes to one that has hung up', async () => {
  const world = graphs.newWorld()
  const { ask, hangUp, workOff } = await worker(world)
  await drain(world)
  const changes = byChangesOnly(world)
  const waiting = ask({ wait_ms: 60_000 }, changes.world)
  await changes.waits()
  await edit(world, 0, 'b', false)
  const [group] = await waiting
  if (!group) throw new Error('the edit was not heard of')
  await workOff(group)
  await drain(world)

  const gone = ask({ wait_ms: 60_000 }, changes.world)
  await changes.waits()
  hangUp.abort()
  await edit(world, 0, 'c', false)
  expect(await gone).toEqual([])
  expect(await leased(world)).toBe(0)
  await drain(world)
  await expectConverged(world)
})

it('takes the lock for what it may have only: what has failed in a batch goes alone, and is not its', async () => {
  const world = graphs.newWorld()
  const { ask } = await worker(world)
  await create(world, 'b')
  const [group] = await ask()
  if (!group) throw new Error('nothing to do')
  const failed = await workOffClaim(world.database, group, (item) => settlement(item, false, 2, world.usage))
  await settleWork({ store: world.store, providers }, group.claim_id, failed)
  let transactions = 0
  const transaction: GraphStore['transaction'] = (tenantId, work) => {
    transactions += 1
    return world.store.transaction(tenantId, work)
  }
  expect(await ask({ wait_ms: 300 }, { ...world, store: { ...world.store, transaction } })).toEqual([])
  expect(transactions).toBe(1)
  await drain(world)
  await expectConverged(world)
})

it('is given back where its worker hung up while it was leased', async () => {
  const world = graphs.newWorld()
  const { ask, hangUp } = await worker(world)
  await create(world, 'b')
  const atLease: number[] = []
  const transaction: GraphStore['transaction'] = async (tenantId, work) => {
    const result = await world.store.transaction(tenantId, work)
    atLease.push(await leased(world))
    hangUp.abort()
    return result
  }
  await ask({}, { ...world, store: { ...world.store, transaction } })
  expect(atLease).toEqual([1, 0])
  await drain(world)
  await expectConverged(world)
})

it('is what a dead attempt had leased, where a later one asks', async () => {
  const world = graphs.newWorld()
  const { ask, workOff } = await worker(world)
  await create(world, 'b')
  const left = await ask()
  expect(left).toHaveLength(1)
  expect(await ask({ resume: true })).toEqual(left.map(unread))
  for (const group of left) await workOff(group)
  expect(await ask({ resume: true })).toEqual([])
  await drain(world)
  await expectConverged(world)
})

/** Settles a claim and goes on; `hungUp`: who asked is gone by the time of the answer. */
async function goOn(world: World, group: ClaimGroup, request_id: string, hungUp = false) {
  const outcomes = await workOffClaim(world.database, group, (item) => settlement(item, false, 0, world.usage))
  const gone = new AbortController()
  const store: GraphStore = {
    ...world.store,
    transaction: async (tenantId, work) => {
      const result = await world.store.transaction(tenantId, work)
      if (hungUp) gone.abort()
      return result
    },
  }
  const request = { request_id, time_ms: 240_000 }
  const ask = () =>
    settleAndGoOn({ store, providers, bell, arrivals: world.arrivals }, group.claim_id, outcomes, request, gone.signal)
  return { answer: await ask(), ask }
}

async function firstClaim(world: World): Promise<ClaimGroup> {
  const root = await create(world, 'a')
  const [group] = await claimWork(
    { store: world.store, providers, taskQueue: 'q' },
    { tenant_id: world.tenantId, cascade_id: root, request_id: newId(), limit: 50 },
  )
  if (!group) throw new Error('nothing to do')
  for (const text of ['b', 'c', 'd', 'e']) await create(world, text)
  return group
}

it('comes with the settlement of the last claim, in its transaction', async () => {
  const world = graphs.newWorld()
  const group = await firstClaim(world)
  const before = await revisionOf(world)
  const { answer, ask } = await goOn(world, group, newId())
  expect(answer).toMatchObject({ settled: 1, lost: [] })
  expect(answer.groups).toMatchObject([{ provider_id: 'first', size: 3, workflow_id: group.workflow_id }])
  expect(await revisionOf(world)).toBe(before + 1)
  // The answer was lost: nothing of the claim is left, what was leased is the same.
  expect(await ask()).toMatchObject({ settled: 0, groups: answer.groups.map(unread) })
  const [next] = answer.groups as [ClaimGroup]
  const [last] = (await goOn(world, next, newId())).answer.groups as [ClaimGroup]
  expect(last.size).toBe(1)
  expect((await goOn(world, last, newId())).answer.groups).toEqual([])
  await drain(world)
  await expectConverged(world)
})

it('is also what has waited for the very output that was settled', async () => {
  const world = graphs.newWorld()
  const root = await create(world, 'same')
  await create(world, 'same')
  const claimed = await claimWork(
    { store: world.store, providers, taskQueue: 'q' },
    { tenant_id: world.tenantId, cascade_id: root, request_id: newId(), limit: 50 },
  )
  const [group] = claimed as [ClaimGroup]
  expect(claimed).toMatchObject([{ provider_id: 'first', size: 1 }])
  const [next] = (await goOn(world, group, newId())).answer.groups
  expect(next).toMatchObject({ size: 1, items: [{ memo: { content_type: 'text/plain' } }] })
  if (next) await goOn(world, next, newId())
  await drain(world)
  await expectConverged(world)
})

it('is nothing for one that has hung up, though its claim is settled', async () => {
  const world = graphs.newWorld()
  const group = await firstClaim(world)
  expect((await goOn(world, group, newId(), true)).answer).toMatchObject({ settled: 1, groups: [] })
  expect(await leased(world)).toBe(0)
})

const revisionOf = async (world: World): Promise<number> => {
  const [row] = await world.database.query<{ revision: number }>(
    'revision-of',
    'select revision from tenant where tenant_id = $1',
    [world.tenantId],
  )
  return row?.revision ?? 0
}
