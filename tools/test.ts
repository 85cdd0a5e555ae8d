/**
 * `npm test [-- stage… jest-argument…]`: every check of the project, in order, going on after a failure, so that one run
 * tells everything. Ends with one line `N passed, N failed[, N skipped]`: a gate counts as one, each jest test as one.
 *
 *   npm test -- lint types                only these stages
 *   npm test -- integration services/blob only these, and jest only where the path matches
 */
import { performance } from 'node:perf_hooks'
import { add, nothing, summaryLine, type Counts } from './test/counts.ts'
import { stages, type Stage } from './test/stages.ts'

/** Runs the stages that the arguments name (all where they name none); resolves to the exit code. */
export async function main(args: string[]): Promise<number> {
  const named = args.filter((argument) => stages.some((stage) => stage.name === argument))
  const jestArguments = args.filter((argument) => !named.includes(argument))
  const chosen = stages.filter(
    (stage) => named.includes(stage.name) || (named.length === 0 && (jestArguments.length === 0 || stage.jest)),
  )

  let total = nothing
  for (const stage of chosen) total = add(total, await runStage(stage, jestArguments))

  console.log()
  const ran = total.passed + total.failed
  if (ran === 0) console.log('no test ran')
  console.log(summaryLine(total))
  return total.failed > 0 || ran === 0 ? 1 : 0
}

async function runStage(stage: Stage, jestArguments: string[]): Promise<Counts> {
  const terminal = process.stdout.isTTY
  if (terminal) process.stdout.write(`… ${stage.name}`)
  const started = performance.now()
  const result = await stage.run(jestArguments)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const mark = result.failed > 0 ? '✗' : result.passed > 0 ? '✓' : '–'
  console.log(
    `${terminal ? '\r\u001b[K' : ''}${mark} ${stage.name.padEnd(16)} ${seconds.padStart(6)} s  ${result.note}`,
  )
  if (result.failed > 0) console.log(`${result.output.trimEnd()}\n`)
  return result
}
