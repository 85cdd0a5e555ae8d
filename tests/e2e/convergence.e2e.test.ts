import { kills, nameOf, planFaults } from '../convergence/faults.ts'
import { historiesOf } from '../convergence/history.ts'
import { playRound } from '../convergence/play.ts'
import { openStage, type Stage } from '../convergence/stage.ts'
import { addRound, emptySummary, failuresOf } from '../convergence/summary.ts'

/** A sample of `npm run converge`: random histories while each part is killed once, and a provider gets a new version twice. */

const seed = 20261121

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
}, 180_000)
afterAll(() => stage?.close())

test('random histories converge, whichever part dies meanwhile', async () => {
  const faults = planFaults(seed, 0, kills, kills.length + 2)
  const round = await playRound(stage, { histories: historiesOf(seed), people: 2, least: 8, faults })
  expect(failuresOf(round, seed)).toEqual([])
  expect([...round.faults].sort()).toEqual([...kills.map(nameOf), 'upgrade', 'upgrade'].sort())
  expect(round.played.length).toBeGreaterThanOrEqual(8)
  // What was not made, or not written, cannot be wrong.
  const summary = emptySummary()
  addRound(summary, round)
  expect(summary.derivedBlobs).toBeGreaterThan(round.played.length)
  expect(summary.acknowledged).toBeGreaterThan(round.played.length * 3)
}, 600_000)
