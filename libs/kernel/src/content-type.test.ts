import { charsetOf, matchesContentType, parseContentType } from './content-type.ts'

test.each([
  ['text/plain', 'text/plain'],
  [' Text/HTML;charset=UTF-8 ', 'text/html; charset=UTF-8'],
  ['a/b;c="d; e"', 'a/b; c="d; e"'],
  ['a/b ;c="d;e" ; F=";"', 'a/b; c="d;e"; F=";"'],
])('%s is a media type', (given, stored) => {
  expect(parseContentType(given)).toBe(stored)
})

test.each([
  ['nonsense'],
  [`a/${'b'.repeat(254)}`],
  // Short enough as it was given, too long as it would be stored.
  [`a/b${';c=d'.repeat(63)}`],
  // RFC 9110 section 5.6.4: no control characters; a header could not carry them.
  ['a/b;c="\u0000"'],
  ['a/b;c="\u0001"'],
  ['a/b;c="\u{1f600}"'],
])('%j is none', (given) => {
  expect(() => parseContentType(given)).toThrow(expect.objectContaining({ code: 'invalid_content_type' }))
})

test.each([
  ['text/plain', undefined],
  ['text/plain; Charset=UTF-16', 'utf-16'],
  ['text/plain; a=b;charset="us-ascii"', 'us-ascii'],
  ['text/plain; a="; charset=utf-16"', undefined],
])('the charset of %s', (contentType, charset) => {
  expect(charsetOf(contentType)).toBe(charset)
})

test.each([
  ['text/plain', 'Text/Plain; charset=utf-8', true],
  ['text/plain', 'text/plainer', false],
  ['text/*', 'text/markdown', true],
  ['text/*', 'application/text', false],
  ['application/*+json', 'application/ld+json; profile=x', true],
  ['application/*+json', 'application/json', false],
  ['application/*+json', 'model/gltf+json', false],
  ['*/*', 'image/png', true],
])('%s, asked about %s: %s', (pattern, contentType, fits) => {
  expect(matchesContentType(pattern, contentType)).toBe(fits)
})
