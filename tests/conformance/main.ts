/**
 * `npm run conformance [-- --runs N --seed S]`: the public cases, the examples of the RFCs and our hostile ones, and then N generated
 * patches against the reference and other implementations. Ends with 1 where anything is not as the RFCs say and is not explained.
 */
import { parseArgs } from 'node:util'
import { allCases } from './cases/all.ts'
import { compareJsonPatches } from './differential/compare-json-patches.ts'
import { compareMergePatches } from './differential/compare-merge-patches.ts'
import { compareTextDeltas } from './differential/compare-text-deltas.ts'
import type { Options, Report } from './differential/report.ts'
import { faultOf } from './run-case.ts'

const comparisons = [compareJsonPatches, compareMergePatches, compareTextDeltas]

export function main(args: string[]): Promise<number> {
  const options = optionsOf(args)
  const casesPass = runCases()
  print(
    `generated patches: ${figure(options.runs)} of each kind, seed ${options.seed} (--runs ${options.runs} --seed ${options.seed})`,
  )
  const reports = comparisons.map((comparison) => {
    const started = performance.now()
    const report = comparison(options)
    printReport(report, performance.now() - started)
    return report
  })
  return Promise.resolve(casesPass && reports.every(({ fault }) => fault === undefined) ? 0 : 1)
}

function optionsOf(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '100000' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    },
  })
  return { runs: Number(values.runs), seed: Number(values.seed) }
}

function runCases(): boolean {
  const faults = allCases.flatMap((one) => {
    const fault = faultOf(one)
    return fault === undefined ? [] : [`  ${one.source}: ${one.name}: ${fault}`]
  })
  const sources = Map.groupBy(allCases, ({ source }) => source)
  for (const [source, cases] of sources) print(`${source.padEnd(32)} ${figure(cases.length).padStart(7)}`)
  print(`${'cases'.padEnd(32)} ${figure(allCases.length).padStart(7)}, ${faults.length} not as expected`)
  faults.forEach(print)
  return faults.length === 0
}

function printReport({ name, runs, outcomes, agreed, explained, fault }: Report, milliseconds: number): void {
  const counts = [...outcomes].sort().map(([outcome, count]) => `${outcome} ${figure(count)}`)
  print(`\n${name}: ${figure(runs)} patches in ${(milliseconds / 1000).toFixed(1)} s: ${counts.join(', ')}`)
  for (const [peer, count] of agreed) print(`  ${figure(count).padStart(9)} agree: ${peer}`)
  for (const [explanation, count] of [...explained].sort())
    print(`  ${figure(count).padStart(9)} explained: ${explanation}`)
  print(`  ${(fault === undefined ? '0' : '1+').padStart(9)} unexplained${fault === undefined ? '' : `: ${fault}`}`)
}

const figure = (count: number) => count.toLocaleString('en')

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
