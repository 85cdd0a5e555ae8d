import type { TextOperation } from '@studio/contracts'
import fc from 'fast-check'

/** Text with what texts can have: line ends of all kinds, a byte order mark, code points of one to four bytes, ASCII over a chunk long. */
export const anyText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'a',
        'b ',
        'word',
        ' ',
        '\n',
        '\r\n',
        '\ufeff',
        'é',
        '€',
        '😀',
        '\u0000',
        'same line\n',
        '\\ No',
        '@@',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
      { weight: 1, arbitrary: fc.constantFrom('x'.repeat(70_000), `${'y'.repeat(40)}\n`) },
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''))

/** A text and one that came of it by some edits. */
export const editedTexts: fc.Arbitrary<[string, string]> = anyText.chain((text) =>
  fc.array(fc.tuple(fc.nat(), fc.nat(6), anyText), { maxLength: 3 }).map((edits): [string, string] => [
    text,
    edits.reduce((now, [at, deleted, inserted]) => {
      const points = [...now]
      points.splice(at % (points.length + 1), deleted, ...[...inserted].slice(0, 8))
      return points.join('')
    }, text),
  ]),
)

/** Steps that fit a text, in no particular form. */
export function operationsOn(text: string): fc.Arbitrary<TextOperation[]> {
  const length = [...text].length
  const step = fc.oneof(
    fc.record({ insert: fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }) }),
    fc.record({ retain: fc.integer({ min: 1, max: Math.max(1, length) }) }),
    fc.record({ delete: fc.integer({ min: 1, max: 5 }) }),
  )
  return fc.array(step, { maxLength: 10 }).map((steps) => {
    let left = length
    return steps.filter((each) => {
      if ('insert' in each) return true
      const amount = 'retain' in each ? each.retain : each.delete
      if (amount > left) return false
      left -= amount
      return true
    })
  })
}
