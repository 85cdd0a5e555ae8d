import fc from 'fast-check'
import type { Person } from '../person.ts'

/** One thing that a person does. `args` are numbers drawn at random, which mean something only once it is known what there is by then. */
export interface Step {
  readonly kind: string
  readonly args: object
  perform(person: Person): Promise<void>
}

/** A kind of step: how often it is drawn, what is drawn for it, and how it is done through the public API. */
export function stepOf<Args extends object>(
  kind: string,
  weight: number,
  args: { [Name in keyof Args]: fc.Arbitrary<Args[Name]> },
  perform: (person: Person, args: Args) => Promise<void>,
): fc.WeightedArbitrary<Step> {
  const arbitrary = fc
    .record<Args>(args)
    .map((drawn): Step => ({ kind, args: drawn, perform: (person) => perform(person, drawn) }))
  return { weight, arbitrary }
}

/** Few, so that the same text comes back now and then, and with it what was recorded for it. Whatever has `fail` in it makes `faulty` fail. */
export const someText = fc.constantFrom(
  'The fox have a apple in there garden. Everybody in the village wanted to taste it.',
  'The fox ate the apple. Nobody in the village had tasted it before.',
  'A lighthouse stands on the rock, and the harbour sleeps behind it.',
  'They was walking along the beach when a storm come up from the west.',
  'An apple a day keeps the doctor away.\n\nSo they say in the village.',
  'What this text says will fail.',
)
