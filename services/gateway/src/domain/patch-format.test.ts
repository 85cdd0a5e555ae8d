import { patchOfMember, patchTypeOf } from './patch-format.ts'

test.each([
  ['application/json-patch+json', 'application/json-patch+json'],
  ['Application/Merge-Patch+JSON; charset=utf-8', 'application/merge-patch+json'],
  ['text/x-diff', 'text/x-diff'],
  ['text/x-patch', 'text/x-diff'],
  ['text/plain', undefined],
  ['application/json', undefined],
  ['toString', undefined],
  ['', undefined],
])('%j names %j', (contentType, type) => {
  expect(patchTypeOf(contentType)).toBe(type)
})

test('a patch in an envelope stays JSON, a unified diff is the text of its string', () => {
  const patch = '{"__proto__":{"a":null},"b":[1]}'
  expect(patchOfMember('application/merge-patch+json', patch)).toEqual({ format: 'merge-patch', patch })
  expect(patchOfMember('text/x-diff', '"@@ -1 +1 @@"')).toEqual({ format: 'unified-diff', patch: '@@ -1 +1 @@' })
})

test('a unified diff is a string', () => {
  expect(() => patchOfMember('text/x-diff', '[]')).toThrow(
    expect.objectContaining({ code: 'malformed_patch' }) as Error,
  )
})
