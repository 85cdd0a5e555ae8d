import { compare } from './provider.ts'

const { signal } = new AbortController()
const side = (text: string, content_type: string) => [{ bytes: Buffer.from(text), content_type }]

test.each([
  ['application/json', 'application/ld+json; charset=utf-8', '1 changed'],
  ['application/json', 'text/plain', '1 line removed'],
  ['text/markdown', 'text/plain', '1 line removed'],
])('%s and %s', async (one, other, summary) => {
  const inputs = { before: side('{"a":1}', one), after: side('{"a":2}', other) }
  const { bytes } = await compare.transform(inputs, {}, signal)
  expect(Buffer.from(bytes).toString()).toContain(summary)
})

test('which side is which counts', async () => {
  const [one, other] = [side('a\n', 'text/plain'), side('b\n', 'text/plain')]
  const there = await compare.transform({ before: one, after: other }, {}, signal)
  expect(Buffer.from(there.bytes).toString()).toContain('-a\n+b\n')
  expect(there).not.toEqual(await compare.transform({ before: other, after: one }, {}, signal))
})
