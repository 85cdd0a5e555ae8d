import { applyDelta } from './apply-delta.ts'

const json = (format: string, document: string, patch: unknown) =>
  applyDelta(format, Buffer.from(document), patch).toString('utf8')

test.each<[string, string, unknown, string]>([
  ['members in their order', '{"b":1,"a":[1,2]}', [{ op: 'add', path: '/a/1', value: 9 }], '{"b":1,"a":[1,9,2]}'],
  [
    'the whole document',
    '{"a":1}',
    [
      { op: 'replace', path: '', value: [1] },
      { op: 'add', path: '/-', value: 2 },
    ],
    '[1,2]',
  ],
  ['no document', '{"a":1}', [{ op: 'remove', path: '' }], 'null'],
  [
    'a member called __proto__',
    '{}',
    [{ op: 'add', path: '/__proto__', value: { constructor: 1 } }],
    '{"__proto__":{"constructor":1}}',
  ],
  [
    'what lies in __proto__',
    '{"__proto__":{"a":1}}',
    [{ op: 'replace', path: '/__proto__/a', value: 2 }],
    '{"__proto__":{"a":2}}',
  ],
  [
    'names that look masked',
    '{"masked:a":1}',
    [{ op: 'copy', from: '/masked:a', path: '/masked:prototype' }],
    '{"masked:a":1,"masked:prototype":1}',
  ],
  ['a move that shifts its own target', '[1,{},{}]', [{ op: 'move', from: '/0', path: '/1/x' }], '[{},{"x":1}]'],
  ['a move to where it was', '{"a":1,"b":2}', [{ op: 'move', from: '/a', path: '/a' }], '{"b":2,"a":1}'],
])('a JSON Patch changes %s', (_name, document, patch, expected) => {
  expect(json('json-patch', document, patch)).toBe(expected)
})

test('a JSON Patch that does not fit is no change', () => {
  expect(() => json('json-patch', '{}', [{ op: 'remove', path: '/a' }])).toThrow()
})

test('a merge patch removes by null, keeps the order, and takes __proto__ for a name', () => {
  const patch: unknown = JSON.parse('{"a":{"x":null,"y":{"z":null}},"__proto__":1}')
  expect(json('merge-patch', '{"a":{"x":1},"b":2}', patch)).toBe('{"a":{"y":{}},"b":2,"__proto__":1}')
})

test('a text delta counts code points, and leaves what it does not reach', () => {
  expect(json('text', '\u{feff}a😀bc', [{ retain: 2 }, { delete: 1 }, { insert: 'é' }])).toBe('\u{feff}aébc')
  expect(() => json('text', 'ab', [{ retain: 3 }])).toThrow()
})
