import type { Json } from '@studio/contracts'
import { canonicalJson } from '@studio/kernel'
import fc from 'fast-check'
import { applyJsonPatch } from './apply-json-patch.ts'
import { applyMergePatch } from './apply-merge-patch.ts'
import { mergePatchOperations } from './merge-patch-operations.ts'

const applied = (document: Json, patch: Json): Json =>
  applyJsonPatch(
    JSON.parse(JSON.stringify(document)) as Json,
    mergePatchOperations(document, patch).map(({ pointer, path: _path, ...operation }) => ({
      ...operation,
      path: pointer,
    })),
  )

test.each<[Json, Json, Json[]]>([
  [{ a: 1 }, { a: 1 }, []],
  [{ a: 1, b: 2 }, { b: null, c: null }, [{ op: 'remove', pointer: '/b', path: ['b'] }]],
  [
    { a: { b: 1 } },
    { a: { c: { d: null, e: 1 } } },
    [{ op: 'add', pointer: '/a/c', path: ['a', 'c'], value: { e: 1 } }],
  ],
  [[1], { a: 1 }, [{ op: 'replace', pointer: '', path: [], value: { a: 1 } }]],
  [{ a: 1 }, [1], [{ op: 'replace', pointer: '', path: [], value: [1] }]],
])('on %j, %j does %j', (document, patch, operations) => {
  expect(mergePatchOperations(document, patch)).toEqual(operations)
})

test('its operations do what the merge patch does', () => {
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<Json>(null, 1, 'x', [], [null], {}),
      fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'c~/'), tie('value')) as fc.Arbitrary<Json>,
    ),
  }))
  fc.assert(
    fc.property(value, value, (document, patch) => {
      expect(canonicalJson(applied(document, patch))).toBe(canonicalJson(applyMergePatch(document, patch)))
    }),
    { numRuns: 500 },
  )
})
