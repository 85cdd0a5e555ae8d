import type { ClaimGroup, SettleItem } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import { claimNext } from '../src/domain/claim-next.ts'
import { claimWork, takeReady } from '../src/domain/claim-work.ts'
import { groupClaims } from '../src/domain/group-claims.ts'
import type { Providers } from '../src/domain/ports.ts'
import { releaseClaims } from '../src/domain/reconcile.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { readClaim } from '../src/store/claim-reader.ts'
import { expectConverged } from './converged.ts'
import { bell } from './fixture.ts'
import { capAll, drain, ordered, runsOnly } from './graph-control.ts'
import { settlement } from './graph-work.ts'
import { allNodes, create, edit, joinBlobs, openGraphs, providers, type World } from './graph-world.ts'
import { workOffClaim, type WorkItem } from './test-worker.ts'

/** Nodes that are claimed with what they wait for. `join` takes batches of five; `first` and `second` make something of each text, too. */

let graphs: Awaited<ReturnType<typeof openGraphs>>
beforeAll(async () => {
  graphs = await openGraphs()
}, 120_000)
afterAll(() => graphs?.close())

/** A text and a chain of joins behind it, all made; then the text is edited, and the cascade looks. */
async function aChain(length: number): Promise<{ world: World; ids: string[]; claim(): Promise<ClaimGroup[]> }> {
  const world = graphs.newWorld()
  const ids = [await create(world, 'a')]
  for (let level = 0; level < length; level += 1) ids.push(await joinBlobs(world, [ids.at(-1) ?? ''], 0))
  await drain(world)
  await edit(world, 0, 'b', false)
  return { world, ids: ids.slice(1), claim: () => claimJoins(world) }
}

/** One look of a cascade: the joins that are ready, with all else done. */
async function claimJoins(world: World): Promise<ClaimGroup[]> {
  const groups = await claimWork(
    { store: world.store, providers, taskQueue: 'q' },
    { tenant_id: world.tenantId, cascade_id: newId(), request_id: newId(), limit: 50 },
  )
  for (const group of groups.filter(({ provider_id }) => provider_id !== 'join'))
    await settle(world, group, await workOffClaim(world.database, group, succeed))
  return groups.filter(({ provider_id }) => provider_id === 'join')
}

/** A worker goes on that has time for two nodes. */
async function goOnForTwo(world: World, { claim_id }: ClaimGroup): Promise<ClaimGroup[]> {
  const slow: Providers = {
    ...providers,
    current: async (tenantId, id) => {
      const provider = await providers.current(tenantId, id)
      return provider && { ...provider, timeout_ms: 120_000 }
    },
  }
  return await claimNext(
    { store: world.store, providers: slow, bell, arrivals: world.arrivals },
    { claim_id, request_id: newId(), wait_ms: 0, time_ms: 240_000, resume: false },
    new AbortController().signal,
  )
}

async function theOne(groups: Promise<ClaimGroup[]>): Promise<ClaimGroup> {
  const [group, ...more] = await groups
  if (!group || more.length > 0) throw new Error('one group is expected')
  return group
}

const succeed = (item: WorkItem): SettleItem => settlement(item, false, 0, { tokens: null, cost_microdollars: null })
const failed = (item: WorkItem): SettleItem => settlement(item, false, 1, { tokens: null, cost_microdollars: null })
const failing = (item: WorkItem): SettleItem => settlement(item, false, 2, { tokens: null, cost_microdollars: null })

const settle = (world: World, { claim_id }: ClaimGroup, outcomes: SettleItem[]) =>
  settleWork({ store: world.store, providers }, claim_id, outcomes)

const statesOf = async (world: World, ids: readonly string[]) => {
  const nodes = new Map((await allNodes(world)).map((node) => [node.blob_id, node]))
  return ids.map((id) => {
    const { state, attempts, dirty_inputs } = nodes.get(id) ?? {}
    return [state, attempts, dirty_inputs]
  })
}

test('a chain is one claim and one settlement', async () => {
  const { world, ids, claim } = await aChain(3)
  const group = await theOne(claim())
  expect(group.size).toBe(3)
  const items = await readClaim(world.database, group.claim_id, 30_000)
  expect(items.map(({ node_id, inputs }) => [node_id, inputs.map((input) => 'version' in input)]).sort()).toEqual(
    ids.map((id, at) => [id, [at === 0]]).sort(),
  )
  const outcomes = await workOffClaim(world.database, group, succeed)
  expect(await settle(world, group, outcomes)).toMatchObject({ settled: 3, lost: [] })
  await drain(world)
  await expectConverged(world)
})

test('a claim has at most as many nodes as a batch; the rest of the chain comes after', async () => {
  const { world, ids, claim } = await aChain(8)
  const group = await theOne(claim())
  expect(group.size).toBe(5)
  await settle(world, group, await workOffClaim(world.database, group, succeed))
  expect(await statesOf(world, ids.slice(4, 7))).toEqual([
    ['settled', 0, 0],
    ['dirty', 0, 0],
    ['dirty', 0, 1],
  ])
  await drain(world)
  await expectConverged(world)
})

test('a worker goes on with no more of the chain than it is sure to do in its time', async () => {
  const { world, claim } = await aChain(5)
  const first = await theOne(claim())
  await settle(world, first, await workOffClaim(world.database, first, succeed))
  await edit(world, 0, 'c', false)
  const groups = await goOnForTwo(world, first)
  expect(groups.map(({ size }) => size)).toEqual([2])
  for (const group of groups) await settle(world, group, await workOffClaim(world.database, group, succeed))
  await drain(world)
  await expectConverged(world)
})

test('what several of a claim feed comes along, what waits for something else does not', async () => {
  const { world, ids, claim } = await aChain(1)
  const [above = ''] = ids
  const other = await create(world, 'c')
  await drain(world)
  const left = await joinBlobs(world, [above], 0)
  const end = await joinBlobs(world, [above, left], 0)
  const first = (await allNodes(world)).find(
    ({ parent_id, provider_id }) => parent_id === other && provider_id === 'first',
  )
  const apart = await joinBlobs(world, [first?.blob_id ?? '', above], 0)
  await drain(world)
  await edit(world, 0, 'd', false)
  await edit(world, 1, 'e', false)
  const group = await theOne(claim())
  const items = await readClaim(world.database, group.claim_id, 30_000)
  expect(items.map(({ node_id }) => node_id).sort()).toEqual([above, left, end].sort())
  expect((await statesOf(world, [apart]))[0]?.[0]).toBe('dirty')
  await settle(world, group, await workOffClaim(world.database, group, succeed))
  await drain(world)
  await expectConverged(world)
})

test('what is below the last of many ready nodes comes along where the first leave room for it', async () => {
  const world = graphs.newWorld()
  const ends: string[] = []
  for (let place = 0; place < 9; place += 1)
    ends.push(await joinBlobs(world, [await create(world, `text ${place}`)], 0))
  const below = await joinBlobs(world, [ends.at(-1) ?? ''], 0)
  await drain(world)
  for (let place = 0; place < 9; place += 1) await edit(world, place, `other ${place}`, false)
  const groups = await claimJoins(world)
  expect(groups.map(({ size }) => size)).toEqual([5, 5])
  expect(await statesOf(world, [below])).toEqual([['running', 0, 1]])
  for (const group of groups) await settle(world, group, await workOffClaim(world.database, group, succeed))
  await drain(world)
  await expectConverged(world)
})

test('ready nodes for which what comes with others leaves no room are for the next claim', async () => {
  const world = graphs.newWorld()
  for (let place = 0; place < 3; place += 1) {
    const first = await joinBlobs(world, [await create(world, `text ${place}`)], 0)
    await joinBlobs(world, [first], 0)
  }
  await drain(world)
  await edit(world, 0, 'b', false)
  const before = await theOne(claimJoins(world))
  await settle(world, before, await workOffClaim(world.database, before, succeed))
  await edit(world, 1, 'c', false)
  await edit(world, 2, 'd', false)
  for (const sizes of [[2], [2], []]) {
    const groups = await goOnForTwo(world, before)
    expect(groups.map(({ size }) => size)).toEqual(sizes)
    for (const group of groups) await settle(world, group, await workOffClaim(world.database, group, succeed))
  }
  await drain(world)
  await expectConverged(world)
})

test('what needs no run is gone through level by level, however much would come along with the first of it', async () => {
  const world = graphs.newWorld()
  const places = [0, 1, 2, 3]
  for (const place of places) {
    let end = await create(world, `text ${place}`)
    for (let level = 0; level < 24; level += 1) end = await joinBlobs(world, [end], 0)
  }
  await drain(world)
  for (const place of places) {
    await edit(world, place, 'b', false)
    await edit(world, place, `text ${place}`, false)
  }
  const join = await providers.current(world.tenantId, 'join')
  let looks = 0
  const groups = await world.store.transaction(world.tenantId, (graph) =>
    takeReady(graph, new Map([['join', join]]), {
      request_id: newId(),
      limit: 8,
      crews: () => Promise.resolve(new Map()),
      list: (room) => {
        looks += 1
        return graph.listReadyOf('join', room)
      },
      group: (ready, below) => groupClaims(ready, below, 'q'),
    }),
  )
  expect(groups).toEqual([])
  expect(looks).toBeLessThan(30)
  await drain(world)
  await expectConverged(world)
})

test('what fails is tried again alone; what it feeds goes back without blame', async () => {
  const { world, ids, claim } = await aChain(4)
  const group = await theOne(claim())
  const outcomes = await workOffClaim(world.database, group, (item, index) =>
    index === 1 ? failing(item) : succeed(item),
  )
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['version', 'returned', 'returned', 'returned'])
  await settle(world, group, outcomes)
  expect(await statesOf(world, ids)).toEqual([
    ['settled', 0, 0],
    ['dirty', 1, 0],
    ['dirty', 0, 1],
    ['dirty', 0, 1],
  ])
  const alone = await theOne(claim())
  expect(alone.size).toBe(1)
  await settle(world, alone, await workOffClaim(world.database, alone, succeed))
  const rest = await theOne(claim())
  expect(rest.size).toBe(2)
  await settle(world, rest, await workOffClaim(world.database, rest, succeed))
  await drain(world)
  await expectConverged(world)
})

test('nothing is recorded of a node whose input was lost, or came to something else', async () => {
  const { world, ids, claim } = await aChain(3)
  const group = await theOne(claim())
  const outcomes = await workOffClaim(world.database, group, succeed)
  const [first, ...below] = outcomes
  if (!first) throw new Error('nothing was done')
  await settle(world, group, [{ ...first, content_hash: sha256('merged with what somebody wrote') }, ...below])
  expect(await statesOf(world, ids)).toEqual([
    ['settled', 0, 0],
    ['dirty', 0, 0],
    ['dirty', 0, 1],
  ])

  const again = await theOne(claim())
  const [second, ...rest] = await workOffClaim(world.database, again, succeed)
  if (!second) throw new Error('nothing was done')
  await settle(world, again, [{ ...second, epoch: second.epoch - 1 }, ...rest])
  expect(await statesOf(world, ids.slice(1))).toEqual([
    ['running', 0, 0],
    ['dirty', 0, 1],
  ])
})

test('an edit takes the whole of it away', async () => {
  const { world, ids, claim } = await aChain(3)
  const group = await theOne(claim())
  const outcomes = await workOffClaim(world.database, group, succeed)
  await edit(world, 0, 'c', false)
  expect(await settle(world, group, outcomes)).toMatchObject({ settled: 0 })
  expect((await statesOf(world, ids)).map(([state]) => state)).toEqual(['dirty', 'dirty', 'dirty'])
  await drain(world)
  await expectConverged(world)
})

test('runs that are left to end, though something newer came, wait for each other when they are due again', async () => {
  const { world, ids, claim } = await aChain(3)
  await theOne(claim())
  await edit(world, 0, 'c', false)
  // They have been taken away once: from now on they are left alone.
  const group = await theOne(claim())
  const outcomes = await workOffClaim(world.database, group, succeed)
  await edit(world, 0, 'd', false)
  expect(await settle(world, group, outcomes)).toMatchObject({ settled: 3 })
  expect(await statesOf(world, ids)).toEqual([
    ['dirty', 0, 0],
    ['dirty', 0, 1],
    ['dirty', 0, 1],
  ])
  await drain(world)
  await expectConverged(world)
})

test('one that is left to end is due again with what it waited for settled', async () => {
  const { world, ids, claim } = await aChain(1)
  const [above = ''] = ids
  const other = await create(world, 'x')
  await drain(world)
  const below = await joinBlobs(world, [above, other], 0)
  await drain(world)
  const claimBoth = async () => {
    await edit(world, 0, newId(), false)
    const group = await theOne(claim())
    expect(group.size).toBe(2)
    return { group, outcomes: await workOffClaim(world.database, group, succeed) }
  }
  const first = await claimBoth()
  await edit(world, 1, 'y', false)
  await settle(world, first.group, first.outcomes)
  const second = await claimBoth()
  await edit(world, 1, 'z', false)
  expect(await settle(world, second.group, second.outcomes)).toMatchObject({ settled: 2 })
  expect(await statesOf(world, [above, below])).toEqual([
    ['settled', 0, 0],
    ['dirty', 0, 0],
  ])
  await drain(world)
  await expectConverged(world)
})

test('what was claimed with what is cancelled goes back, and is blocked', async () => {
  const world = graphs.newWorld()
  const [one, other] = [await create(world, 'a'), await create(world, 'c')]
  const above = await joinBlobs(world, [one], 0)
  const below = await joinBlobs(world, [above, other], 0)
  await drain(world)
  await edit(world, 0, 'b', false)
  await edit(world, 1, 'd', false)
  const group = await theOne(claimJoins(world))
  expect(group.size).toBe(2)
  const cancelled = (await allNodes(world)).find(({ blob_id }) => blob_id === above)?.cascade_id ?? ''
  await ordered(world, cancelled, 'cancel')
  expect(await statesOf(world, [above, below])).toEqual([
    ['cancelled', 0, 0],
    ['blocked', 0, 1],
  ])
  expect(await readClaim(world.database, group.claim_id, 30_000)).toEqual([])
  await drain(world)
  await expectConverged(world)
  await ordered(world, cancelled, 'resume')
  await drain(world)
  await expectConverged(world)
})

test('a worker that begins anew is not given what waits for what has failed', async () => {
  const { world, ids, claim } = await aChain(2)
  const group = await theOne(claim())
  const outcomes = await workOffClaim(world.database, group, failed)
  await settle(
    world,
    group,
    outcomes.filter(({ node_id }) => node_id === ids[0]),
  )
  expect(await statesOf(world, ids)).toEqual([
    ['failed', 0, 0],
    ['running', 0, 1],
  ])
  expect(await readClaim(world.database, group.claim_id, 30_000)).toEqual([])
  await world.database.execute('expire', `update node set lease_until = now() - interval '1 s' where claim_id = $1`, [
    group.claim_id,
  ])
  await releaseClaims(world.store, world.tenantId, [group.claim_id])
  await drain(world)
  await expectConverged(world)
})

test('what a dead worker had goes back, each to wait for what it waited for', async () => {
  const { world, ids, claim } = await aChain(3)
  const group = await theOne(claim())
  const outcomes = await workOffClaim(world.database, group, succeed)
  await settle(world, group, outcomes.slice(0, 1))
  await world.database.execute('expire', `update node set lease_until = now() - interval '1 s' where claim_id = $1`, [
    group.claim_id,
  ])
  await releaseClaims(world.store, world.tenantId, [group.claim_id])
  expect(await statesOf(world, ids)).toEqual([
    ['settled', 0, 0],
    ['dirty', 0, 0],
    ['dirty', 0, 1],
  ])
  await drain(world)
  await expectConverged(world)
})

test('below an output that is what it was nothing runs, and a revert runs nothing', async () => {
  const { world, claim } = await aChain(3)
  await drain(world)
  const runs = async () =>
    (
      await world.database.query<{ outcome: string }>(
        'outcomes',
        `select outcome from run where tenant_id = $1 and provider_id = 'join' order by finished_at`,
        [world.tenantId],
      )
    ).map(({ outcome }) => outcome)
  const before = (await runs()).length
  await edit(world, 0, 'c', false)
  const group = await theOne(claim())
  const outcomes = await workOffClaim(world.database, group, (item) => ({
    ...succeed(item),
    outcome: 'cutoff',
    version: item.head_version,
    content_hash: item.head_hash,
  }))
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['cutoff', 'fresh', 'fresh'])
  await settle(world, group, outcomes)
  expect((await runs()).slice(before)).toEqual(['cutoff'])
  await edit(world, 0, 'a', false)
  await drain(world)
  expect((await runs()).slice(before)).toEqual(['cutoff', 'memo', 'memo', 'memo'])
})

test('under a cap nodes are claimed as they become ready, so that it is kept to the run', async () => {
  const { world, claim } = await aChain(3)
  await capAll(world, { per_day: runsOnly(100), per_cascade: runsOnly(null) })
  const group = await theOne(claim())
  expect(group.size).toBe(1)
  await settle(world, group, await workOffClaim(world.database, group, succeed))
  await drain(world)
  await expectConverged(world)
})
