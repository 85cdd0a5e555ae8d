import type { Json } from '@studio/contracts'
import fc from 'fast-check'
import { parsePatchableDocument, serialise } from './json-document.ts'

const codeOf = (run: () => unknown): string => {
  try {
    run()
    return 'fine'
  } catch (error) {
    return (error as { code: string }).code
  }
}

test('what a patch would silently change is refused, with the place', () => {
  expect(() => parsePatchableDocument(Buffer.from('{"b":{"c":1,"c":2}}'))).toThrow(
    expect.objectContaining({
      code: 'patch_failed',
      extensions: { errors: [{ pointer: '/b/c', detail: 'is there twice' }] },
    }) as Error,
  )
  expect(codeOf(() => parsePatchableDocument(Buffer.from('{"__proto__":1,"a":{"__proto__":2}}')))).toBe('fine')
})

test('the serialiser reads back the same value, in UTF-8, within the limit', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) =>
      expect(JSON.parse(serialise(value as Json, 1e6).toString('utf8'))).toEqual(JSON.parse(JSON.stringify(value))),
    ),
  )
  expect(serialise({ b: 'ä', '2': 1, a: '\ud83d\ude00' }, 1e6).toString('utf8')).toBe('{"2":1,"b":"ä","a":"😀"}')
  expect(codeOf(() => serialise('x'.repeat(99), 100))).toBe('patch_too_large')
})
