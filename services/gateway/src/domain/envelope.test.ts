import { checkJson, envelopeOf, parseEnvelope } from './envelope.ts'

test('what may be large is taken out of an envelope', () => {
  expect(parseEnvelope(Buffer.from('{"text":"grün","metadata":{"__proto__":1},"patch":{"a":null}}'))).toEqual({
    members: '{"metadata":{"__proto__":1},"text":"","patch":""}',
    bytes: Buffer.from('grün'),
    isText: true,
    patch: '{"a":null}',
  })
  expect(envelopeOf({ content: 'AAE=' })).toEqual({
    members: '{"content":""}',
    bytes: Buffer.from([0, 1]),
    isText: false,
    patch: null,
  })
  expect(envelopeOf({ from_version: 1 })).toEqual({
    members: '{"from_version":1}',
    bytes: null,
    isText: false,
    patch: null,
  })
})

test.each<[unknown, string, string]>([
  ['text', '', 'must be an object'],
  [[], '', 'must be an object'],
  [{ text: 'a', content: '' }, '', 'must have only one of content, text and content_id'],
  [{ text: 1 }, '/text', 'must be a string'],
  [{ content: null }, '/content', 'must be a string'],
  [{ content: 'AAE' }, '/content', 'must be base64 (RFC 4648 section 4, with padding)'],
])('%j is refused at %j', (value, pointer, detail) => {
  expect(() => envelopeOf(value)).toThrow(
    expect.objectContaining({ code: 'invalid_request', extensions: { errors: [{ pointer, detail }] } }) as Error,
  )
})

test('members beside the content have a limit of their own', () => {
  expect(() => envelopeOf({ metadata: { a: 'a'.repeat(300_000) } })).toThrow(
    expect.objectContaining({ code: 'body_too_large' }) as Error,
  )
})

test('what is parsed on the main thread is strict JSON, and not too much of it', () => {
  const codeOf = (body: string): string | undefined => {
    try {
      checkJson(Buffer.from(body))
      return undefined
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  expect(codeOf('{"operations":[]}')).toBeUndefined()
  expect(codeOf('{"a":1,"a":2}')).toBe('json_duplicate_member')
  expect(codeOf(`[${Array(70_000).fill('{}').join(',')}]`)).toBe('body_too_large')
})
