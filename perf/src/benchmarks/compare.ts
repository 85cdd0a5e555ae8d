import type { Figure } from '../figure.ts'
import { median } from '../load.ts'

/** One way to do the work that is compared. `prepare` makes what one call of `run` takes, and is not timed. */
export interface Contender<Input> {
  readonly name: string
  readonly prepare: () => Input
  readonly run: (input: Input) => unknown
}

/**
 * Times contenders in turn, so that what else the machine does hits all of them alike: µs a call, each the median of `rounds` rounds of
 * `calls` calls; then how many times faster ours (the first) is than the fastest of the others.
 */
export function compare<Input>(
  what: string,
  contenders: readonly Contender<Input>[],
  { rounds, calls }: { rounds: number; calls: number },
): Figure[] {
  const taken = contenders.map((): number[] => [])
  for (let round = -rounds / 2; round < rounds; round++) {
    for (const [index, { prepare, run }] of contenders.entries()) {
      const inputs = Array.from({ length: calls }, prepare)
      const start = performance.now()
      for (const input of inputs) run(input)
      // The first rounds warm up.
      if (round >= 0) taken[index]?.push(((performance.now() - start) * 1000) / calls)
    }
  }
  const medians = taken.map(median)
  const [ours = NaN, ...others] = medians
  return [
    ...contenders.map(({ name }, index) => ({
      name: `${what}: ${name}`,
      value: medians[index] ?? NaN,
      unit: 'µs',
      better: 'lower' as const,
    })),
    {
      name: `${what}: times as fast as the fastest other`,
      value: Math.min(...others) / ours,
      unit: '×',
      aim: '≥ 1',
      better: 'higher',
    },
  ]
}
