import type { Json } from '@studio/contracts'
import fc from 'fast-check'

/** Text in which a code point is one, two, three or four bytes, and line ends are of all kinds. */
export const texts = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.string({ maxLength: 4 }) },
      fc.constantFrom(
        'é',
        'e\u0301',
        '日本',
        '😀',
        '👩‍👩‍👧',
        '\u{10ffff}',
        '\ufeff',
        '\r\n',
        '\n',
        '\u0000',
        '\ud7ff\ue000',
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))

interface Step {
  readonly kind: 'retain' | 'delete' | 'insert'
  /** Of what is left of the text, in thousandths. */
  readonly share: number
  readonly text: string
  readonly flaw: Json | undefined
}

const flaws: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 60 }).map((count) => ({ retain: count })) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 60 }).map((count) => ({ delete: count })) },
  fc.constantFrom<Json>(
    { retain: 0 },
    { delete: -1 },
    { retain: 1.5 },
    { delete: '1' },
    { insert: '' },
    { insert: 1 },
    { insert: null },
    { retain: 1, delete: 1 },
    { skip: 1 },
    {},
    [],
    null,
    1,
  ),
)

/** What text deltas are made from: see `deltaFor`. */
export const deltaSteps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom('retain', 'delete', 'insert'),
    share: fc.integer({ min: 0, max: 1000 }),
    text: texts,
    flaw: fc.oneof({ weight: 30, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: flaws }),
  }),
  { maxLength: 8 },
)

/** A text delta that fits the text, but for its flaws. */
export function deltaFor(text: string, steps: readonly Step[]): Json[] {
  let left = Array.from(text).length
  return steps.flatMap(({ kind, share, text: insert, flaw }): Json[] => {
    if (flaw !== undefined) return [flaw]
    if (kind === 'insert') return insert === '' ? [] : [{ insert }]
    const count = Math.ceil((left * share) / 1000)
    left -= count
    return count === 0 ? [] : [{ [kind]: count }]
  })
}
