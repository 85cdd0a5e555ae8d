import fc from 'fast-check'
import type { Person } from './person.ts'
import { derivationSteps, derive } from './steps/derivations.ts'
import { orderSteps } from './steps/orders.ts'
import { create, sourceSteps } from './steps/sources.ts'
import type { Step } from './steps/step.ts'

/** What one person does with a studio: after a beginning several hands work side by side, and each does its steps one after another. */
export interface History {
  /** Its number among those of a seed. */
  readonly index: number
  readonly beginning: readonly Step[]
  readonly hands: readonly (readonly Step[])[]
}

/** All that a person may do: a new kind of step is a line in one of these lists, or a list of its own here. */
const step = fc.oneof(...sourceSteps, ...derivationSteps, ...orderSteps)

const several = (one: fc.WeightedArbitrary<Step>, minLength: number, maxLength: number) =>
  fc.array(one.arbitrary, { minLength, maxLength, size: 'max' })
const beginning = fc.tuple(several(create, 1, 3), several(derive, 1, 6)).map((steps) => steps.flat())
const hand = fc.array(step, { minLength: 8, maxLength: 24, size: 'max' })
const history = fc.record({ beginning, hands: fc.array(hand, { minLength: 1, maxLength: 3 }) })

/** A seed for each thing that is drawn, so that the history of a number is the same whatever else is drawn. */
export const seedOf = (seed: number, index: number): number => (seed + Math.imul(index + 1, 0x9e3779b1)) | 0

/** History `index` of a seed: always the same. */
export function historyOf(seed: number, index: number): History {
  const [drawn = { beginning: [], hands: [] }] = fc.sample(history, { seed: seedOf(seed, index), numRuns: 1 })
  return { index, ...drawn }
}

/** All histories of a seed, one after another. */
export function* historiesOf(seed: number): Generator<History, undefined> {
  for (let index = 0; ; index++) yield historyOf(seed, index)
}

/** All steps, with the hand that does them. */
export const stepsOf = ({ beginning, hands }: History): { hand: string; step: Step }[] => [
  ...beginning.map((step) => ({ hand: 'first', step })),
  ...hands.flatMap((steps, hand) => steps.map((step) => ({ hand: `hand ${hand}`, step }))),
]

/** Does all of it. Throws where the studio does not answer for two minutes. */
export async function live(person: Person, { beginning, hands }: History): Promise<void> {
  await follow(person, beginning)
  await Promise.all(hands.map((steps) => follow(person, steps)))
}

async function follow(person: Person, steps: readonly Step[]): Promise<void> {
  for (const one of steps) await one.perform(person)
}
