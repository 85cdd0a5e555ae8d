import type { Json } from '@studio/contracts'
import fc from 'fast-check'

/** Names that objects have, those that need care among them: escapes, indices, other scripts, and what JavaScript objects inherit. */
export const names = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('a', 'b', 'c', 'd') },
  { weight: 4, arbitrary: fc.constantFrom('', '0', '1', '-', '01', '1e0', 'a/b', 'm~n', '~1', '~0', 'é', '😀', ' ') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length'),
  },
)

export const scalars: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, 1, -1, 1.5, 1e21, -0, 4294967296, '', 'a', '0', 'é', '😀'),
  fc.integer(),
  fc.string({ unit: 'binary', maxLength: 4 }).filter((text) => text.isWellFormed()),
)

/** Any JSON value of few levels. Objects hold their names as own members, `__proto__` too. */
export const { value: jsonValues } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalars,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(names, tie('value')), { maxLength: 4 }).map((members) => Object.fromEntries(members) as Json),
  ),
}))

/** Mostly objects and arrays with something in them, as documents are. */
export const documents: fc.Arbitrary<Json> = fc.oneof(
  { weight: 1, arbitrary: jsonValues },
  {
    weight: 12,
    arbitrary: fc
      .array(fc.tuple(names, jsonValues), { minLength: 1, maxLength: 6 })
      .map((members) => Object.fromEntries(members) as Json),
  },
  { weight: 6, arbitrary: fc.array(jsonValues, { minLength: 1, maxLength: 6 }) },
)
