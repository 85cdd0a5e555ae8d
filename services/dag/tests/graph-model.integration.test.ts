import type { BlobFact } from '@studio/contracts'
import fc from 'fast-check'
import { expectConverged } from './converged.ts'
import { watchMemberships } from './memberships.ts'
import { watchPublications } from './published-states.ts'
import { capAll, control, drain, recover, runsOnly } from './graph-control.ts'
import { finish, rest, work } from './graph-work.ts'
import {
  allNodes,
  ask,
  create,
  derive,
  edit,
  joinBlobs,
  openGraphs,
  publishOne,
  remove,
  removeJoin,
  restore,
  rewire,
  rewireJoin,
  runJob,
  statesOf,
  tellDag,
  type World,
} from './graph-world.ts'

/**
 * The graph under random histories: sources edited, duplicated, reordered and deleted, diamonds, failures, lost leases, runs that edits
 * overtake, cascades that are paused, cancelled, tried again and run into caps, and several of them at once. When it is quiet, every derivation is what its
 * inputs give, and nothing waits; no cascade settles before all that it made dirty has ended, no reader sees a mix of atomic sources and what is derived from them; what failed or was cancelled comes to the same when it is taken up again.
 */

let graphs: Awaited<ReturnType<typeof openGraphs>>

beforeAll(async () => {
  graphs = await openGraphs()
}, 120_000)

afterAll(() => graphs?.close())

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('create' as const),
      text: fc.constantFrom('a', 'b', 'c', 'd'),
      publication: fc.constantFrom('immediate', 'atomic'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('edit' as const),
      index: fc.nat(9),
      text: fc.constantFrom('a', 'b', 'c', 'd'),
      repeat: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), index: fc.nat(9) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('restore' as const), index: fc.nat(9), text: fc.constantFrom('a', 'b') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('derive' as const), one: fc.nat(20), other: fc.nat(20), mark: fc.nat(1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('rewire' as const), at: fc.nat(9), one: fc.nat(20), other: fc.nat(20) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('ask' as const), index: fc.nat(20) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('work' as const), fate: fc.nat(7) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('finish' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rest' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      index: fc.nat(9),
      publication: fc.constantFrom('immediate', 'atomic'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('control' as const),
      index: fc.nat(5),
      action: fc.constantFrom('pause', 'resume', 'cancel', 'retry-failed', 'budget'),
      runs: fc.option(fc.nat(4)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('cap' as const),
      day: fc.option(fc.nat(30)),
      cascade: fc.option(fc.nat(4)),
    }),
  },
)

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

async function run(world: World, one: Step): Promise<void> {
  if (one.kind === 'edit') return edit(world, one.index, one.text, one.repeat)
  if (one.kind === 'remove') return remove(world, one.index)
  if (one.kind === 'restore') return restore(world, one.index, one.text)
  if (one.kind === 'derive') return derive(world, one.one, one.other, one.mark)
  if (one.kind === 'rewire') return rewire(world, one.at, one.one, one.other)
  if (one.kind === 'ask') return ask(world, one.index)
  if (one.kind === 'finish') return finish(world)
  if (one.kind === 'rest') return rest(world)
  if (one.kind === 'publish') return publishOne(world, one.index, one.publication)
  if (one.kind === 'control') return control(world, one.index, one.action, one.runs)
  if (one.kind === 'cap') return capAll(world, { per_day: runsOnly(one.day), per_cascade: runsOnly(one.cascade) })
  if (one.kind === 'work') await work(world, one.fate)
  else await create(world, one.text, one.publication)
}

async function expectRecovered(world: World): Promise<void> {
  await recover(world)
  await drain(world)
  await expectConverged(world)
  expect(['settled', 'deleted']).toEqual(expect.arrayContaining(await statesOf(world)))
}

test('any history converges', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (history) => {
      const world = graphs.newWorld()
      const look = watchMemberships(world)
      const read = watchPublications(world)
      const sources = [await create(world, 'a', 'atomic'), await create(world, 'b')]
      await look()
      await joinBlobs(world, sources, 0)
      await joinBlobs(world, sources.slice(0, 1), 0)
      await work(world, 0)
      await look()
      for (const one of history) {
        await run(world, one)
        await look()
        await read()
      }
      await drain(world)
      await expectConverged(world)
      await read(true)
      await expectRecovered(world)
      await read(true)
    }),
    { numRuns: Number(process.env['STUDIO_PROPERTY_RUNS'] ?? 60) },
  )
}, 300_000)

test('histories that several hands write at once converge too', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (history) => {
      const world = graphs.newWorld()
      for (let index = 0; index < 4; index++) await create(world, 'start')
      const hands = [0, 1, 2, 3].map((hand) => history.filter((_, index) => index % 4 === hand))
      // One source's facts come from one hand: blob gives its versions one after another.
      await Promise.all(
        hands.map(async (steps, hand) => {
          for (const one of steps) {
            if (one.kind === 'edit' || one.kind === 'remove' || one.kind === 'restore' || one.kind === 'publish')
              await run(world, { ...one, index: (one.index - (one.index % 4) + hand) % 4 })
            else await run(world, one)
          }
        }),
      )
      await drain(world)
      await expectConverged(world)
      const read = watchPublications(world)
      await read(true)
      await expectRecovered(world)
      await read(true)
    }),
    // What hands do at once cannot be made smaller: the same steps interleave in another way each time.
    { numRuns: Number(process.env['STUDIO_PROPERTY_RUNS'] ?? 25), endOnFailure: true },
  )
}, 300_000)

test('several versions of a new blob that one event tells of are derived once', async () => {
  const world = graphs.newWorld()
  const facts: BlobFact[] = []
  const late: World = { ...world, tell: (more) => Promise.resolve(void facts.push(...more)) }
  await create(late, 'a')
  await edit(late, 0, 'b', false)
  await tellDag(world, facts)
  await drain(world)
  await expectConverged(world)
  expect(await allNodes(world)).toHaveLength(3)
})

test('with a derivation that is removed goes what only it feeds, also where it had lost an input before', async () => {
  const world = graphs.newWorld()
  const [gone, kept] = [await create(world, 'a'), await create(world, 'b')]
  const removed = await joinBlobs(world, [gone, kept], 0)
  await joinBlobs(world, [removed], 0)
  await drain(world)
  await remove(world, 0)
  await removeJoin(world, removed)
  await drain(world)
  await expectConverged(world)
})

test('a derivation that comes back closes no cycle', async () => {
  const world = graphs.newWorld()
  const source = await create(world, 'a')
  const above = await joinBlobs(world, [source], 0)
  const back = await joinBlobs(world, [above], 0)
  const below = await joinBlobs(world, [back, source], 0)
  await drain(world)
  await removeJoin(world, back)
  await rewireJoin(world, above, [below])
  await expect(joinBlobs(world, [above], 0)).rejects.toMatchObject({
    code: 'derivation_cycle',
    extensions: { cycle: [back, below, above, back] },
  })
  await drain(world)
  await expectConverged(world)
})

test('a job brings back a derivation that was removed, and is refused where it has other inputs now', async () => {
  const world = graphs.newWorld()
  const [source, other] = [await create(world, 'a'), await create(world, 'b')]
  const joined = await joinBlobs(world, [source], 0)
  await drain(world)
  await removeJoin(world, joined)
  await drain(world)
  expect(await runJob(world, source)).toBe(joined)
  await drain(world)
  await expectConverged(world)
  await rewireJoin(world, joined, [other])
  await expect(runJob(world, source)).rejects.toMatchObject({ code: 'derivation_conflict' })
})
