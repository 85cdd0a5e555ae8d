/**
 * `npm run converge [-- --histories N --seed S --only K]`: random histories through the public API while the studio's parts are killed; when all is
 * quiet, everything must be what its history gives. Ends with 1 where anything is not, or where nothing was seen to strike.
 */
import { parseArgs } from 'node:util'
import { allFaults, planFaults } from './faults.ts'
import { historiesOf, historyOf, type History } from './history.ts'
import { playRound, type Round } from './play.ts'
import { addRound, emptySummary, failuresOf, summaryOf } from './summary.ts'
import { openStage } from './stage.ts'

const people = 5
/** A round ends in quiet, and is judged: so many histories and faults at least. */
const perRound = { histories: 40, faults: 10 }

export async function main(args: string[]): Promise<number> {
  const { least, seed, only } = optionsOf(args)
  const started = performance.now()
  print(only === undefined ? `${least} histories, seed ${seed} (--seed ${seed})` : `history ${only} of seed ${seed}`)
  const histories = only === undefined ? historiesOf(seed) : again(historyOf(seed, only))
  const summary = emptySummary()
  const stage = await openStage()
  try {
    for (let round = 0; summary.histories < least; round++) {
      const done = await playRound(stage, {
        histories,
        people,
        least: Math.min(perRound.histories, least - summary.histories),
        faults: planFaults(seed, round, allFaults, perRound.faults),
      })
      addRound(summary, done)
      print(lineOf(done))
      failuresOf(done, seed).forEach(print)
    }
  } finally {
    await stage.close()
  }
  summaryOf(summary, performance.now() - started).forEach(print)
  // Where nothing died and nothing was made it shows nothing.
  return summary.divergences === 0 && summary.faults.size > 0 && summary.derivedBlobs > 0 ? 0 : 1
}

/** One history alone is played by all: its faults come at other moments each time. */
function* again(history: History): Generator<History, undefined> {
  for (;;) yield history
}

function optionsOf(args: string[]): { least: number; seed: number; only: number | undefined } {
  const { values } = parseArgs({
    args,
    options: {
      histories: { type: 'string', default: '200' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      only: { type: 'string' },
    },
  })
  const only = values.only === undefined ? undefined : Number(values.only)
  return { least: only === undefined ? Number(values.histories) : people, seed: Number(values.seed), only }
}

function lineOf({ played, faults, quietAfterMs }: Round): string {
  const divergences = played.reduce((sum, { judgement }) => sum + judgement.divergences.length, 0)
  return `${played.length} histories; ${faults.join(', ')}; quiet after ${(quietAfterMs / 1000).toFixed(1)} s; ${divergences} divergences`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
