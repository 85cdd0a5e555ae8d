import { checkStorable } from './json-text.ts'

test.each([{ text: 'plain' }, { text: 'the letters \\u0000 written out' }, { text: '\\\\u0000' }, { emoji: '😀' }, []])(
  'keeps %j',
  (value) => {
    expect(() => checkStorable(value, '/metadata', 1000)).not.toThrow()
  },
)

test.each([{ text: 'a\u0000b' }, { 'key\u0000': 1 }, { text: '\ud800' }, { text: '\\\u0000' }])(
  'refuses %j',
  (value) => {
    expect(() => checkStorable(value, '/metadata', 1000)).toThrow(
      expect.objectContaining({ code: 'invalid_request' }) as Error,
    )
  },
)

test('counts bytes, not characters', () => {
  expect(() => checkStorable('ä'.repeat(499), '', 1000)).not.toThrow()
  expect(() => checkStorable('ä'.repeat(500), '', 1000)).toThrow('at most 1000 bytes')
})
