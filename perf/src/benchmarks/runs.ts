import { countRuns } from '../../../services/dag/tests/counted-runs.ts'
import { openGraphs } from '../../../services/dag/tests/graph-world.ts'
import { addCounts, noCounts, ratioOf, type Counts } from '../../../services/dag/tests/least-runs.ts'
import { graphOfSeed, type graphs } from '../../../services/dag/tests/random-graph.ts'
import type { Figure } from '../figure.ts'

const seed = 6
const graphsOfEachKind = 500
/** Graphs at a time, a tenant each. */
const together = 4

/** Provider runs against the least that 1,000 random graphs of 3 to 40 nodes can do with: dag on a real PostgreSQL, with workers that only count. */
export async function runs(): Promise<Figure[]> {
  const dag = await openGraphs()
  try {
    const patient = await countAll(dag, 'one by one')
    const hasty = await countAll(dag, 'together')
    return [
      { name: 'runs over the least possible, an edit at a time', value: ratioOf(patient), unit: '×', aim: '1.00', better: 'lower' },
      { name: 'runs over the least possible, edits while runs are under way', value: ratioOf(hasty), unit: '×', aim: '1.00', better: 'lower' },
      { name: 'runs that edits superseded, of all', value: (100 * hasty.superseded) / hasty.begun, unit: '%', better: 'lower' },
      { name: 'runs that ended, over what the graphs needed at rest', value: (hasty.begun - hasty.superseded) / hasty.neededAtRest, unit: '×', better: 'lower' },
    ] // prettier-ignore
  } finally {
    await dag.close()
  }
}

async function countAll(dag: Awaited<ReturnType<typeof openGraphs>>, kind: keyof typeof graphs): Promise<Counts> {
  const sum = noCounts()
  const numbers = Array.from({ length: graphsOfEachKind }, (_, index) => index).values()
  const countSome = async (): Promise<void> => {
    for (const index of numbers) addCounts(sum, await countRuns(dag.newWorld(), graphOfSeed(kind, seed, index)))
  }
  await Promise.all(Array.from({ length: together }, countSome))
  process.stderr.write(`${kind}: ${JSON.stringify(sum)}\n`)
  return sum
}
