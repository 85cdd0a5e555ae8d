import fc from 'fast-check'
import { findJsonFault } from './find-json-fault.ts'
import { jsonExtent, parseStrictJson } from './strict-json.ts'

interface Refusal {
  code: string
  extensions: { errors: { pointer: string; detail: string }[] }
}

function refusalOf(source: string | Uint8Array): { code: string; pointer: string; detail: string } | undefined {
  try {
    parseStrictJson(source)
    return undefined
  } catch (error) {
    const { code, extensions } = error as Refusal
    return { code, ...(extensions.errors[0] ?? { pointer: 'none', detail: 'none' }) }
  }
}

test.each([
  ['{"a": 1,}', 'malformed_json', '', 'it breaks at character 8'],
  ['[{', 'malformed_json', '/0', 'it ends too early'],
  ['{"a": hush}', 'malformed_json', '/a', 'it breaks at character 6'],
  ['{"a": ', 'malformed_json', '/a', 'it ends too early'],
  ['', 'malformed_json', '', 'there is no JSON'],
  ['[1, 01]', 'malformed_json', '/1', 'it breaks at character 5'],
  ['[1] x', 'malformed_json', '', 'it breaks at character 4'],
  ['"\\x"', 'malformed_json', '', 'it breaks at character 0'],
  ['\ufeff{}', 'malformed_json', '', 'it breaks at character 0'],
  ['{"a":[{"b":1,"c":2,"b":3}]}', 'json_duplicate_member', '/a/0/b', 'is there twice'],
  ['{"__proto__":1,"__proto__":2}', 'json_duplicate_member', '/__proto__', 'is there twice'],
  ['{"a":1,"\\u0061":2}', 'json_duplicate_member', '/a', 'is there twice'],
  ['{"":1,"":2}', 'json_duplicate_member', '/', 'is there twice'],
  ['[0, {"x/y~": 1e400}]', 'json_lost_number', '/1/x~1y~0', '1e400 would not keep its value; send it as text'],
  ['9007199254740993', 'json_lost_number', '', '9007199254740993 would not keep its value; send it as text'],
  ['{"a":["\\ud800"]}', 'json_lone_surrogate', '/a/0', 'holds half of a surrogate pair'],
  ['["\\\\ud83d\\ude00"]', 'json_lone_surrogate', '/0', 'holds half of a surrogate pair'],
  ['["\\ude00\\ud83d"]', 'json_lone_surrogate', '/0', 'holds half of a surrogate pair'],
  ['["\\ud800\\ud83d\\ude00"]', 'json_lone_surrogate', '/0', 'holds half of a surrogate pair'],
  ['{"\\uDFFF":1}', 'json_lone_surrogate', '/\ufffd', 'has half of a surrogate pair in its name'],
  ['["\ud800"]', 'json_lone_surrogate', '/0', 'holds half of a surrogate pair'],
  [`${'['.repeat(65)}${']'.repeat(65)}`, 'json_too_deep', '/0'.repeat(64), 'is nested more than 64 levels deep'],
  ['['.repeat(1_000_000), 'json_too_deep', '/0'.repeat(64), 'is nested more than 64 levels deep'],
  [`{"${'n'.repeat(5000)}":[1e400]}`, 'json_lost_number', '', '1e400 would not keep its value; send it as text'],
])('%.40s is refused as %s at %.40s', (text, code, pointer, detail) => {
  expect(refusalOf(text)).toEqual({ code, pointer, detail })
})

test('the first byte that is not UTF-8 is named', () => {
  const bytes = Buffer.concat([Buffer.from('["grün \ufffd'), Buffer.from([0xc3, 0x28]), Buffer.from('"]')])
  expect(refusalOf(bytes)).toEqual({ code: 'invalid_utf8', pointer: '', detail: 'byte 11 is not UTF-8' })
})

test.each<[string, unknown]>([
  ['"\\ud83d\\ude00"', '😀'],
  ['"\\\\ud800"', '\\ud800'],
  ['{"a\\"{[:1e400":"\\\\"}', { 'a"{[:1e400': '\\' }],
  ['[1.0, -0, 1e2, 5e-324, 123456789012345680000]', [1, -0, 100, 5e-324, 123456789012345680000]],
  [' {"a" : [ ] , "b":{}} ', { a: [], b: {} }],
  ['['.repeat(64) + ']'.repeat(64), JSON.parse('['.repeat(64) + ']'.repeat(64))],
])('%.40s is kept', (text, value) => {
  expect(parseStrictJson(text)).toEqual(value)
  expect(parseStrictJson(Buffer.from(text))).toEqual(value)
  expect(findJsonFault(text, 64)).toBeUndefined()
})

test('__proto__ is a name like any other', () => {
  const value = parseStrictJson('{"__proto__":{"polluted":1},"a":{"__proto__":2}}')
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  expect(Object.keys(value as object)).toEqual(['__proto__', 'a'])
  expect({}).not.toHaveProperty('polluted')
})

test('every JSON value that JavaScript writes comes back', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.nat(4), (value, indentation) => {
      const text = JSON.stringify(value, null, indentation)
      expect(parseStrictJson(text)).toEqual(JSON.parse(text))
      expect(findJsonFault(text, 64)).toBeUndefined()
    }),
  )
})

test('the exact search finds a fault of the grammar just where JSON.parse does', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '"\\',
    'u0041',
    '\\n',
    '1',
    '-',
    '.5',
    'e3',
    'true',
    'nul',
    ' ',
    '\n',
    '\u0001',
  )
  const parses = (text: string): boolean => {
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }
  const nearlyJson = fc.tuple(fc.jsonValue(), fc.nat(), pieces, fc.nat(2)).map(([value, at, piece, removed]) => {
    const text = JSON.stringify(value)
    const place = at % (text.length + 1)
    return text.slice(0, place) + piece + text.slice(place + removed)
  })
  fc.assert(
    fc.property(
      fc.oneof(
        nearlyJson,
        fc.array(pieces).map((all) => all.join('')),
      ),
      (text) => {
        const code = findJsonFault(text, 64)?.code
        if (code === undefined || code === 'malformed_json') expect(code === undefined).toBe(parses(text))
      },
    ),
    { numRuns: 2000 },
  )
})

test.each<[string, number]>([
  ['1', 0],
  ['[1,2,"x"]', 1],
  ['{"a":1,"__proto__":[{}]}', 5],
])('the extent of %s is %d', (text, extent) => {
  expect(jsonExtent(parseStrictJson(text))).toBe(extent)
})
