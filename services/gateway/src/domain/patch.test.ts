import { jsonPatch } from './patch.ts'

test('one operation alone is a patch of one', () => {
  const operation = { op: 'add', path: '/a', value: 1 }
  expect(jsonPatch(operation)).toEqual({ format: 'json-patch', patch: [operation] })
  expect(jsonPatch([operation])).toEqual({ format: 'json-patch', patch: [operation] })
})

test.each([null, 1, 'add', [1], [{ op: 'add' }], [{ op: 1, path: '' }], { path: '' }])(
  '%j is no JSON Patch',
  (document) => {
    expect(() => jsonPatch(document)).toThrow(expect.objectContaining({ code: 'malformed_patch' }) as Error)
  },
)
