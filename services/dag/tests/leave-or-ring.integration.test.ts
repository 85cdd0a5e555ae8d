import { applyBlobFacts } from '../src/domain/apply-blob-facts.ts'
import type { GraphStore } from '../src/domain/ports.ts'
import { expectConverged } from './converged.ts'
import { listening, workerThatGoesOn } from './going-on.ts'
import { drain } from './graph-control.ts'
import { create, factOf, openGraphs, providers, type World } from './graph-world.ts'

/** Whom an edit calls. `first` is the provider of every text and takes batches, `second` that of what it makes, and takes none. */

let graphs: Awaited<ReturnType<typeof openGraphs>>
beforeAll(async () => {
  graphs = await openGraphs()
}, 120_000)
afterAll(() => graphs?.close())

/** No cascade is awake, so that each ring is heard. */
const rest = (world: World) =>
  world.database.execute('rest', `update tenant set cascades = '[]' where tenant_id = $1`, [world.tenantId])

const untilWatched = async (world: World): Promise<void> => {
  while (!world.arrivals.watched(world.tenantId).has('first')) await new Promise((resolve) => setImmediate(resolve))
}

/** dag hears that the first text has changed; answers who is rung. */
async function edit(world: World, store: GraphStore = world.store): Promise<string[]> {
  await rest(world)
  const rings: string[] = []
  const [[id, source] = []] = world.sources
  if (id === undefined || source === undefined) throw new Error('no text')
  Object.assign(source, { version: source.version + 1, text: `${source.text}!` })
  const facts = [factOf(world, id, 'update', source.version, source.text)]
  await applyBlobFacts({ store, providers, bell: listening(rings), arrivals: world.arrivals }, world.tenantId, facts)
  return rings
}

it('is a worker that waits for all that is ready, and no cascade', async () => {
  const world = graphs.newWorld()
  const root = await create(world, 'a')
  const { ask, workOff, rings } = await workerThatGoesOn(world)
  await drain(world)
  const waiting = ask({ wait_ms: 60_000 })
  await untilWatched(world)
  expect(await edit(world)).toEqual([])
  const [group] = await waiting
  expect(group).toMatchObject({ provider_id: 'first', size: 1, items: [{ root_id: root }] })
  expect(rings).toEqual([])
  // It waits no more while it works: the next edit rings.
  expect(await edit(world)).toHaveLength(1)
  if (group) await workOff(group)
  await drain(world)
  await expectConverged(world)
})

it('is a cascade where something is ready that nobody waits for', async () => {
  const world = graphs.newWorld()
  await create(world, 'a')
  await create(world, 'b')
  // What `second` makes of both is ready.
  const { ask, workOff } = await workerThatGoesOn(world)
  const waiting = ask({ wait_ms: 60_000 })
  await untilWatched(world)
  expect(await edit(world)).toHaveLength(1)
  const [group] = await waiting
  if (group) await workOff(group)
  await drain(world)
  await expectConverged(world)
})

it('is a cascade where the worker has stopped waiting by the time of the commit', async () => {
  const world = graphs.newWorld()
  await create(world, 'a')
  const { ask } = await workerThatGoesOn(world)
  await drain(world)
  const waiting = ask({ wait_ms: 50 })
  await untilWatched(world)
  const outOfTime: GraphStore = {
    ...world.store,
    transaction: (tenantId, change) =>
      world.store.transaction(tenantId, async (graph) => {
        const result = await change(graph)
        // It looks for the last time, before the commit.
        expect(await waiting).toEqual([])
        return result
      }),
  }
  expect(await edit(world, outOfTime)).toHaveLength(1)
  await drain(world)
  await expectConverged(world)
})

/** A store that answers which providers have work as of when it was asked, and late. */
function lateAnswers({ store }: World) {
  const gates: (() => void)[] = []
  let late = false
  const slow: GraphStore = {
    ...store,
    listReadyProviders: async (tenantId) => {
      const ready = await store.listReadyProviders(tenantId)
      if (late) await new Promise<void>((resolve) => gates.push(resolve))
      return ready
    },
  }
  return {
    slow,
    begin: () => (late = true),
    asked: async () => {
      while (gates.length === 0) await new Promise((resolve) => setImmediate(resolve))
    },
    end: () => {
      late = false
      gates.splice(0).forEach((open) => open())
    },
  }
}

it('is taken by a worker whose time was over while it asked', async () => {
  const world = graphs.newWorld()
  await create(world, 'a')
  const { slow, begin, asked, end } = lateAnswers(world)
  const { ask, workOff } = await workerThatGoesOn(world)
  await drain(world)
  const waiting = ask({ wait_ms: 20 }, { ...world, store: slow })
  await untilWatched(world)
  // It watches already, so its time is over by then.
  const over = performance.now() + 20
  begin()
  await asked()
  expect(await edit(world)).toEqual([])
  while (performance.now() < over) await new Promise((resolve) => setImmediate(resolve))
  end()
  const [group] = await waiting
  expect(group).toMatchObject({ provider_id: 'first' })
  if (group) await workOff(group)
  await drain(world)
  await expectConverged(world)
})

it('is rung by the worker where it hangs up with what was left to it', async () => {
  const world = graphs.newWorld()
  await create(world, 'a')
  const { slow, begin, asked, end } = lateAnswers(world)
  const { ask, hangUp, rings } = await workerThatGoesOn(world)
  await drain(world)
  const waiting = ask({ wait_ms: 60_000 }, { ...world, store: slow })
  await untilWatched(world)
  begin()
  expect(await edit(world)).toEqual([])
  await asked()
  hangUp.abort()
  end()
  expect(await waiting).toEqual([])
  expect(rings).toHaveLength(1)
  await drain(world)
  await expectConverged(world)
})
