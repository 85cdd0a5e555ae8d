import { countRuns } from './counted-runs.ts'
import { openGraphs } from './graph-world.ts'
import { addCounts, createOracle, noCounts, ratioOf, type Counts } from './least-runs.ts'
import { graphOfSeed, type graphs } from './random-graph.ts'

/** No provider runs that need not: on random graphs, whatever is edited, and whenever. */

const seed = 20261121
const count = Number(process.env['STUDIO_PROPERTY_RUNS'] ?? 15)

let dag: Awaited<ReturnType<typeof openGraphs>>
beforeAll(async () => {
  dag = await openGraphs()
}, 120_000)
afterAll(() => dag?.close())

async function countAll(kind: keyof typeof graphs): Promise<Counts> {
  const sum = noCounts()
  for (let index = 0; index < count; index++) {
    const counts = await countRuns(dag.newWorld(), graphOfSeed(kind, seed, index))
    expect([index, counts.needless]).toEqual([index, 0])
    addCounts(sum, counts)
  }
  return sum
}

test('with one edit at a time there is not one run more than the graph needs at rest', async () => {
  const sum = await countAll('one by one')
  expect(ratioOf(sum)).toBe(1)
  expect([sum.begun, sum.superseded]).toEqual([sum.neededAtRest, 0])
  expect(sum.begun).toBeGreaterThan(count * 10)
}, 300_000)

test('with edits that come while runs are under way each run is needed when it begins', async () => {
  const sum = await countAll('together')
  expect(ratioOf(sum)).toBe(1)
  // Changes did overtake runs, so that this looks at something.
  expect(sum.superseded).toBeGreaterThan(0)
  expect(sum.begun - sum.superseded).toBeGreaterThanOrEqual(sum.neededAtRest)
}, 300_000)

describe('the count', () => {
  const read = (blob_id: string, content_hash: string) => [{ name: 'text', blob_id, content_hash }]
  const chain = () => {
    const oracle = createOracle()
    oracle.changed('source', 'a')
    oracle.derived({ id: 'node', provider: 'each', mark: 0, inputs: { text: ['source'] } })
    oracle.derived({ id: 'leaf', provider: 'each', mark: 0, inputs: { text: ['node'] } })
    return oracle
  }

  test('finds a run of what is recorded, or under way, needless', () => {
    const oracle = chain()
    const [run, twin] = [oracle.begun('node', read('source', 'a')), oracle.begun('node', read('source', 'a'))]
    expect([run.needed, twin.needed]).toEqual([true, false])
    oracle.ended(run, true)
    oracle.recorded('node', read('source', 'a'), 'x')
    expect(oracle.begun('node', read('source', 'a')).needed).toBe(false)
    expect(oracle.counts).toMatchObject({ begun: 3, needed: 1, needless: 2 })
    expect(ratioOf(oracle.counts)).toBe(3)
  })

  test('finds a run on what is no longer there, or not settled yet, needless', () => {
    const oracle = chain()
    oracle.ended(oracle.begun('node', read('source', 'a')), true)
    oracle.recorded('node', read('source', 'a'), 'x')
    oracle.changed('source', 'b')
    expect(oracle.begun('node', read('source', 'a')).needed).toBe(false)
    expect(oracle.begun('leaf', read('node', 'x')).needed).toBe(false)
  })

  test('tells a run that a change overtook from one that was given up for nothing', () => {
    const oracle = chain()
    const overtaken = oracle.begun('node', read('source', 'a'))
    oracle.changed('source', 'b')
    oracle.ended(overtaken, false)
    oracle.ended(oracle.begun('node', read('source', 'b')), false)
    expect(oracle.counts).toMatchObject({ begun: 2, needed: 0, superseded: 1, needless: 1 })
  })

  test('lets a worker read what it has made under the same claim', () => {
    const oracle = chain()
    const { key } = oracle.begun('node', read('source', 'a'))
    const made = new Map([[key, 'x']])
    const [leaf, wrong] = [oracle.begun('leaf', read('node', 'x'), made), oracle.begun('leaf', read('node', 'y'), made)]
    expect([leaf.needed, wrong.needed]).toEqual([true, false])
    oracle.changed('source', 'b')
    expect(leaf.overtaken).toBe(true)
  })

  test('misses what nobody has run', () => {
    expect(() => chain().atRest()).toThrow('not derived: node, leaf')
  })
})
