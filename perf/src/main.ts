import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { apply } from './benchmarks/apply.ts'
import { cascadeLatency } from './benchmarks/cascade-latency.ts'
import { cascadeSize, cascadeSize10k, dagster } from './benchmarks/cascade-size.ts'
import { diff } from './benchmarks/diff.ts'
import { eventLoop } from './benchmarks/event-loop.ts'
import { graphs } from './benchmarks/graphs.ts'
import { history } from './benchmarks/history.ts'
import { lists } from './benchmarks/lists.ts'
import { micro } from './benchmarks/micro.ts'
import { runs } from './benchmarks/runs.ts'
import { startUp } from './benchmarks/start-up.ts'
import { texts1000 } from './benchmarks/texts.ts'
import { throughput, withProviders } from './benchmarks/throughput.ts'
import { table, type Figure } from './figure.ts'
import { startStack, type Stack } from './stack.ts'

/**
 * `npm run perf [-- NAME …] [--save]`: runs the benchmarks and prints their figures beside the kept baseline; `--save` makes them the
 * baseline. Nothing here decides a test: machines differ, ratios within one run are what counts.
 */
const onStack: Record<string, (stack: Stack) => Promise<Figure[]>> = {
  throughput,
  latency: cascadeLatency,
  size: cascadeSize,
  size10k: cascadeSize10k,
  texts: texts1000,
  graphs,
  lists,
  providers: withProviders,
}
const alone: Record<string, () => Promise<Figure[]>> = {
  apply,
  diff,
  micro,
  dagster,
  history,
  runs,
  'event-loop': eventLoop,
  'start-up': startUp,
}
const baselineFile = new URL('../baseline.json', import.meta.url)

export async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { save: { type: 'boolean', default: false } },
  })
  const unknown = positionals.filter((name) => !(name in onStack) && !(name in alone))
  if (unknown.length > 0) {
    process.stderr.write(
      `There is no benchmark ${unknown.join(', ')}; there are ${[...Object.keys(onStack), ...Object.keys(alone)].join(', ')}.\n`,
    )
    return 2
  }
  const wanted = (name: string): boolean => positionals.length === 0 || positionals.includes(name)
  const figures: Figure[] = []
  const run = async (name: string, benchmark: () => Promise<Figure[]>): Promise<void> => {
    process.stderr.write(`${name} …\n`)
    figures.push(...(await benchmark()))
  }
  for (const [name, benchmark] of Object.entries(alone)) if (wanted(name)) await run(name, benchmark)
  if (Object.keys(onStack).some(wanted)) {
    const stack = await startStack()
    try {
      for (const [name, benchmark] of Object.entries(onStack)) if (wanted(name)) await run(name, () => benchmark(stack))
    } finally {
      await stack.stop()
    }
  }
  const baseline = JSON.parse(await readFile(baselineFile, 'utf8').catch(() => '{}')) as Record<string, number>
  process.stdout.write(`${table(figures, baseline)}\n`)
  if (values.save) {
    const kept = {
      ...baseline,
      ...Object.fromEntries(figures.map(({ name, value }) => [name, Number(value.toPrecision(4))])),
    }
    await writeFile(baselineFile, `${JSON.stringify(kept, null, 2)}\n`)
  }
  return 0
}
