import type { Json } from '@studio/contracts'
import { scanJson, survivesAsDouble } from '@studio/kernel'
import fc from 'fast-check'
import { checkContent } from './check-content.ts'
import { parsePatchableDocument, serialise } from './json-document.ts'

const codeOf = (run: () => unknown): string => {
  try {
    run()
    return 'fine'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('numbers', () => {
  it.each([
    '0',
    '-0',
    '1',
    '1.0',
    '0.1',
    '1e2',
    '100',
    '1.50',
    '123456789012345',
    '9007199254740992',
    '1E+2',
    '5e-324',
    '1e308',
    '0.000001',
    '1e21',
    '123456789012345680000',
    '1e-7',
  ])('%s keeps its value', (token) => expect(survivesAsDouble(token)).toBe(true))
  it.each([
    '9007199254740993',
    '1e400',
    '-1e400',
    '1e-400',
    '0.1000000000000000055',
    '12345678901234567890',
    '0.30000000000000000001',
  ])('%s does not', (token) => {
    expect(survivesAsDouble(token)).toBe(false)
    expect(scanJson(`{"a":[1,${token}]}`).lostNumber).toBe(token)
    expect(codeOf(() => parsePatchableDocument(Buffer.from(`{"a":${token}}`)))).toBe('patch_failed')
    expect(codeOf(() => checkContent('application/json', Buffer.from(`{"a":${token}}`)))).toBe('fine')
  })
  it('keeps every double as JavaScript writes it', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) =>
        expect(survivesAsDouble(JSON.stringify(value))).toBe(true),
      ),
    )
  })
})

describe('scanning', () => {
  it('agrees with the parsed value', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const scan = scanJson(JSON.stringify(value))
        expect(scan).toMatchObject({ depth: depthOf(value), lostNumber: null })
        expect(JSON.stringify(parsePatchableDocument(Buffer.from(JSON.stringify(value))))).toBe(JSON.stringify(value))
      }),
    )
  })
  it('is not led astray by strings', () =>
    expect(scanJson('{"a\\"{[:1e400":"\\\\"}')).toEqual({ depth: 1, members: 1, lostNumber: null }))
  it('ends on text that is no JSON', () =>
    expect(scanJson('{"abc\\')).toEqual({ depth: 1, members: 0, lostNumber: null }))
})

describe('documents that a patch must not touch', () => {
  it('finds a member name that an object has twice', () => {
    expect(codeOf(() => parsePatchableDocument(Buffer.from('{"a":1,"b":{"c":1,"c":2}}')))).toBe('patch_failed')
    expect(codeOf(() => parsePatchableDocument(Buffer.from('{"__proto__":1,"a":{"__proto__":2}}')))).toBe('fine')
  })
})

describe('the serialiser', () => {
  it('reads back the same value, in UTF-8, within the limit', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) =>
        expect(JSON.parse(serialise(value as Json, 1e6).toString('utf8'))).toEqual(JSON.parse(JSON.stringify(value))),
      ),
    )
    expect(serialise({ b: 'ä', '2': 1, a: '\ud800' }, 1e6).toString('utf8')).toBe('{"2":1,"b":"ä","a":"\\ud800"}')
    expect(codeOf(() => serialise('x'.repeat(99), 100))).toBe('patch_too_large')
  })
})

describe('content', () => {
  const invalidUtf8 = Buffer.from([0xff, 0xfe])
  it.each<[string, string | Buffer, string]>([
    ['application/json', '{"a":1}', 'fine'],
    ['application/json', '{"a":1,"a":2}', 'fine'],
    ['application/json', '{a:1}', 'invalid_content'],
    ['application/json', '', 'invalid_content'],
    ['application/json', invalidUtf8, 'invalid_content'],
    ['application/ld+json', 'no', 'invalid_content'],
    ['application/json', '['.repeat(64) + ']'.repeat(64), 'fine'],
    ['application/json', '['.repeat(65) + ']'.repeat(65), 'invalid_content'],
    ['application/json', '['.repeat(1e6), 'invalid_content'],
    ['text/plain', 'grün', 'fine'],
    ['text/plain', invalidUtf8, 'invalid_content'],
    ['text/plain; charset=utf-8', invalidUtf8, 'invalid_content'],
    ['text/plain; charset=utf-16', invalidUtf8, 'fine'],
    ['image/png', invalidUtf8, 'fine'],
  ])('%s %.20j is %s', (type, content, code) =>
    expect(codeOf(() => checkContent(type, Buffer.from(content as string)))).toBe(code),
  )
})
