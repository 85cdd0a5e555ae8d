import type { ClaimGroup } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { claimNext } from '../src/domain/claim-next.ts'
import { claimWork } from '../src/domain/claim-work.ts'
import { endCascade } from '../src/domain/end-cascade.ts'
import { ringForOrphan } from '../src/domain/ring-for-orphan.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { expectConverged } from './converged.ts'
import { drain } from './graph-control.ts'
import { settlement } from './graph-work.ts'
import { create, openGraphs, providers, type World } from './graph-world.ts'
import { workOffClaim } from './test-worker.ts'

/** A cascade workflow that has begun anew does not see the end of the children that it had. */

let graphs: Awaited<ReturnType<typeof openGraphs>>
beforeAll(async () => {
  graphs = await openGraphs()
}, 120_000)
afterAll(() => graphs?.close())

async function begin(world: World) {
  const rootId = await create(world, 'a text')
  const claim = async (orphans: string[] = [], cascadeOf = rootId): Promise<ClaimGroup[]> =>
    claimWork(
      { store: world.store, providers, taskQueue: 'q' },
      { tenant_id: world.tenantId, cascade_id: cascadeOf, request_id: newId(), limit: 50, orphans },
    )
  const [group] = await claim()
  if (!group) throw new Error('nothing to do')
  const rings: string[] = []
  const bell = { ring: (_tenant: string, roots: readonly string[]) => void rings.push(...roots) }
  return {
    claim,
    group,
    rootId,
    rings,
    end: () => endCascade({ ...world, providers }, world.tenantId, rootId),
    settle: async (one: ClaimGroup = group) => {
      const outcomes = await workOffClaim(world.database, one, (item) => settlement(item, false, 0, world.usage))
      await settleWork({ store: world.store, providers }, one.claim_id, outcomes)
      await ringForOrphan({ store: world.store, bell }, one.claim_id)
    },
  }
}

it('what such a child frees its cascade is told, and started again where it has ended', async () => {
  const world = graphs.newWorld()
  const { claim, end, group, rings, rootId, settle } = await begin(world)
  expect(await claim([group.claim_id])).toEqual([])
  expect(await end()).toBe(true)
  await settle()
  expect(rings).toEqual([rootId])
  await drain(world)
  await expectConverged(world)
})

it('what such a child went on with is no less an orphan', async () => {
  const world = graphs.newWorld()
  const { claim, group, rings, settle } = await begin(world)
  const other = await create(world, 'b')
  const [next] = await claimNext(
    { store: world.store, providers, bell: { ring: () => undefined }, arrivals: world.arrivals },
    { claim_id: group.claim_id, request_id: newId(), wait_ms: 0, time_ms: 240_000, resume: false },
    new AbortController().signal,
  )
  if (!next) throw new Error('nothing to go on with')
  expect(await claim([group.claim_id], other)).toEqual([])
  await settle(next)
  expect(rings).toEqual([other])
  await settle()
  await drain(world)
  await expectConverged(world)
})

it('one that its cascade waits for rings nobody', async () => {
  const { rings, settle } = await begin(graphs.newWorld())
  await settle()
  expect(rings).toEqual([])
})

it('what was freed before is found by the claim that tells of it', async () => {
  const { claim, group, settle } = await begin(graphs.newWorld())
  await settle()
  expect(await claim([group.claim_id])).toMatchObject([{ provider_id: 'second' }])
})

it("another tenant's claim is not touched", async () => {
  const [mine, theirs] = [await begin(graphs.newWorld()), await begin(graphs.newWorld())]
  await mine.claim([theirs.group.claim_id])
  await theirs.settle()
  expect(theirs.rings).toEqual([])
})
