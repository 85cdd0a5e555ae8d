import { entityTagOf, matchHead, namesTag, parseIfMatch } from './entity-tag.ts'

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
  [`W/${tag}`, { kind: 'tags', tags: [`W/${tag}`] }],
  ['nonsense', { kind: 'tags', tags: [] }],
  ['"v0-0123456789abcdef"', { kind: 'tags', tags: ['"v0-0123456789abcdef"'] }],
  [`"a", ${tag}`, { kind: 'tags', tags: ['"a"', tag] }],
])('If-Match %s', (header, expected) => {
  expect(parseIfMatch(header)).toEqual(expected)
})

test('a list that does not match names both versions', () => {
  for (const [tags, expected_version] of [
    [['"a"', '"v2-0123456789abcdef"'], 2],
    [['"a"'], null],
  ] as const) {
    expect(() => matchHead(tags, head)).toThrow(
      expect.objectContaining({ extensions: { expected_version, current_version: 3 } }) as Error,
    )
  }
})

test('a list of tags is compared with the head, strongly', () => {
  expect(matchHead(['"a"', tag], head)).toBe(3)
  expect(() => matchHead([`W/${tag}`], head)).toThrow(expect.objectContaining({ code: 'precondition_failed' }) as Error)
})
