import { entityTagOf, namesTag, parseIfMatch } from './entity-tag.ts'

const head = { version: 3, content_hash: '0123456789abcdef'.repeat(4) }
const tag = '"v3-0123456789abcdef"'

test('a tag names version and hash', () => {
  expect(entityTagOf(head)).toBe(tag)
})

test.each([
  [undefined, false],
  ['*', true],
  [tag, true],
  [`W/${tag}`, true],
  [`"other", ${tag}`, true],
  ['"v2-0123456789abcdef"', false],
  ['v3-0123456789abcdef', false],
])('If-None-Match %s', (header, expected) => {
  expect(namesTag(header, tag)).toBe(expected)
})

test.each([
  [undefined, undefined],
  ['*', { kind: 'any' }],
  [tag, { kind: 'version', version: 3 }],
  [`"a", ${tag}`, { kind: 'version', version: 3 }],
  [`"v2-0123456789abcdef", ${tag}, "v1-0123456789abcdef"`, { kind: 'version', version: 3 }],
  [`W/${tag}`, { kind: 'none' }],
  [`W/${tag}, "v2-0123456789abcdef"`, { kind: 'version', version: 2 }],
  ['nonsense', { kind: 'none' }],
  ['"v0-0123456789abcdef"', { kind: 'none' }],
])('If-Match %s', (header, expected) => {
  expect(parseIfMatch(header)).toEqual(expected)
})
