import type { ClaimGroup } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { claimNext } from '../src/domain/claim-next.ts'
import { claimWork } from '../src/domain/claim-work.ts'
import { mostCrews, slowBatchMs } from '../src/domain/crews.ts'
import { endCascade } from '../src/domain/end-cascade.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { readClaim } from '../src/store/claim-reader.ts'
import { expectConverged } from './converged.ts'
import { drain } from './graph-control.ts'
import { settlement } from './graph-work.ts'
import { create, openGraphs, providers, type World } from './graph-world.ts'
import { workOffClaim } from './test-worker.ts'

/** How many workers of a cheap provider are started. `first` is the provider of every text; it takes batches of three. */

let graphs: Awaited<ReturnType<typeof openGraphs>>
beforeAll(async () => {
  graphs = await openGraphs()
}, 120_000)
afterAll(() => graphs?.close())

const texts = 4 * mostCrews

async function manyTexts(): Promise<World> {
  const world = graphs.newWorld()
  for (let text = 0; text < texts; text += 1) await create(world, `text ${text}`)
  return world
}

const claim = (world: World, root = 0): Promise<ClaimGroup[]> =>
  claimWork(
    { store: world.store, providers, taskQueue: 'q' },
    { tenant_id: world.tenantId, cascade_id: [...world.sources.keys()][root] ?? '', request_id: newId(), limit: 50 },
  )

const next = (world: World, first: ClaimGroup, rings: string[] = []): Promise<ClaimGroup[]> =>
  claimNext(
    { store: world.store, providers, bell: { ring: (_tenant, roots) => void rings.push(...roots) }, arrivals: world.arrivals },
    { claim_id: first.claim_id, request_id: newId(), wait_ms: 0, time_ms: 240_000, resume: false },
    new AbortController().signal,
  ) // prettier-ignore

/** Works a claim off; `failing`: the first of its nodes goes back. */
async function workOff(world: World, group: ClaimGroup, failing = false): Promise<void> {
  const outcomes = await workOffClaim(world.database, group, (item, index) =>
    settlement(item, false, failing && index === 0 ? 2 : 0, world.usage),
  )
  await settleWork({ store: world.store, providers }, group.claim_id, outcomes)
}

const end = (world: World): Promise<boolean> => endCascade({ store: world.store, providers }, world.tenantId, newId())

it('are so many, with full batches; what else is ready is theirs to go on with, and keeps no cascade awake', async () => {
  const world = await manyTexts()
  const groups = await claim(world)
  expect(groups.map(({ size }) => size)).toEqual(Array.from({ length: mostCrews }, () => 3))
  expect(await claim(world, 1)).toEqual([])
  expect(await end(world)).toBe(true)

  const [first] = groups as [ClaimGroup]
  await workOff(world, first)
  const rings: string[] = []
  const more = await next(world, first, rings)
  expect(more).toMatchObject([{ provider_id: 'first', workflow_id: first.workflow_id }])
  // What is below (`second`, one node a claim) is for a cascade, what is left of `first` is not.
  expect(rings).toHaveLength(1)
  expect((await claim(world)).map(({ provider_id }) => provider_id)).toEqual(['second', 'second', 'second'])
})

it('are made up where one has ended', async () => {
  const world = await manyTexts()
  const [first] = (await claim(world)) as [ClaimGroup]
  await workOff(world, first)
  expect(await end(world)).toBe(false)
  expect((await claim(world)).filter(({ provider_id }) => provider_id === 'first')).toHaveLength(1)
})

it('are joined by more where they have had their batch for long', async () => {
  const world = await manyTexts()
  const groups = await claim(world)
  for (const { claim_id } of groups) await readClaim(world.database, claim_id, 30_000)
  expect(await claim(world)).toEqual([])
  const [slow] = groups as [ClaimGroup]
  await world.database.execute('be-slow', `update claim set read_at = now() - $2 * interval '1 millisecond' where id = $1`, [slow.claim_id, slowBatchMs + 1]) // prettier-ignore
  expect(await end(world)).toBe(false)
  expect((await claim(world)).map(({ provider_id }) => provider_id)).toEqual(['first'])
  expect(await claim(world)).toEqual([])
})

it('do not take what has failed in a batch: it goes alone, however many are at work', async () => {
  const world = await manyTexts()
  const groups = await claim(world)
  const [first, ...others] = groups as [ClaimGroup, ...ClaimGroup[]]
  await workOff(world, first, true)
  const more = await next(world, first)
  expect(await end(world)).toBe(false)
  const alone = (await claim(world)).filter(({ provider_id }) => provider_id === 'first')
  expect(alone.map(({ size, attempts_left }) => ({ size, attempts_left }))).toEqual([{ size: 1, attempts_left: 2 }])
  for (const group of [...others, ...more, ...alone]) await workOff(world, group)
  await drain(world)
  expect(await end(world)).toBe(true)
})

it('leave a graph at rest in the end', async () => {
  const world = await manyTexts()
  await drain(world)
  await expectConverged(world)
})
