import fc from 'fast-check'
import { changedPrototypeProperties } from '../prototypes.ts'

export interface Options {
  /** Patches to generate. */
  readonly runs: number
  /** The same seed generates the same patches. */
  readonly seed: number
}

/** What a comparison has counted, and the first thing that it found wrong. */
export interface Report {
  readonly name: string
  readonly runs: number
  /** Patches by outcome: `applied`, or the code of the refusal. */
  readonly outcomes: ReadonlyMap<string, number>
  /** Answers of other implementations that were the same, by implementation. */
  readonly agreed: ReadonlyMap<string, number>
  /** Those that were not, by explanation. */
  readonly explained: ReadonlyMap<string, number>
  /** The smallest case that nothing explains, with seed and path to repeat it; undefined where there is none. */
  readonly fault: string | undefined
}

/** Counts what happens in a run. */
export interface Tally {
  outcome(name: string): void
  agreed(peer: string): void
  explained(explanation: string): void
}

/** Runs a comparison on generated values. It throws where something is wrong; that no prototype has changed is seen to here. */
export function compare<Values extends [unknown, ...unknown[]]>(
  name: string,
  arbitraries: { [At in keyof Values]: fc.Arbitrary<Values[At]> },
  comparison: (tally: Tally, ...values: Values) => void,
  { runs, seed }: Options,
): Report {
  const outcomes = new Map<string, number>()
  const agreed = new Map<string, number>()
  const explained = new Map<string, number>()
  const count = (counts: Map<string, number>) => (key: string) => void counts.set(key, (counts.get(key) ?? 0) + 1)
  const tally = { outcome: count(outcomes), agreed: count(agreed), explained: count(explained) }
  const property = fc.property(fc.tuple<Values>(...arbitraries), (values) => {
    comparison(tally, ...values)
    const changed = changedPrototypeProperties()
    if (changed.length > 0) throw new Error(`changed ${changed.join(', ')}`)
  })
  const details = fc.check(property, { numRuns: runs, seed })
  return { name, runs: details.numRuns, outcomes, agreed, explained, fault: faultOf(details) }
}

function faultOf<Values>(details: fc.RunDetails<Values>): string | undefined {
  if (!details.failed) return undefined
  const { errorInstance, seed, numRuns, numShrinks } = details
  const message = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
  return `seed ${seed}, run ${numRuns}, made smaller ${numShrinks} times:\n${message}`
}
