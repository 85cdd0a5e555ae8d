import { compareJsonPatches } from './differential/compare-json-patches.ts'
import { compareMergePatches } from './differential/compare-merge-patches.ts'
import { judgePeers } from './differential/compare-peers.ts'
import { compareTextDeltas } from './differential/compare-text-deltas.ts'
import { explained, explanationOf } from './differential/explained.ts'

// A fixed seed: the gate is the same for everybody. `npm run conformance` draws others, and many more patches.
const sample = { runs: 3_000, seed: 20_261_121 }

test.each([
  ['JSON Patch', compareJsonPatches],
  ['Merge Patch', compareMergePatches],
  ['text deltas', compareTextDeltas],
] as const)('%s: the engine does as the reference, and others do but for what is explained', (_name, comparison) => {
  const { fault, runs, outcomes } = comparison(sample)
  expect(fault).toBeUndefined()
  expect(runs).toBe(sample.runs)
  // Mostly good ones, or the sample says little.
  expect(outcomes.get('applied')).toBeGreaterThan(sample.runs / 2)
})

describe('explained disagreements are still true, and explained by what stands there', () => {
  test.each(explained.map((explanation) => [`${explanation.peer} ${explanation.fault}`, explanation] as const))(
    '%s',
    (_name, explanation) => {
      const { document, operation } = explanation.example
      const judged = judgePeers(document, [operation]).find(({ peer }) => peer === explanation.peer)
      expect(judged?.disagreement && explanationOf(judged.disagreement)).toBe(explanation)
    },
  )
})
