import { casesOf, type CaseRow } from './case.ts'

/** Names that JavaScript objects inherit. In JSON they are names like any other (RFC 8259 section 4). */
const inherited = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__']

const asMembers = inherited.flatMap<CaseRow>((name) => [
  [`add ${name}`, '{"a":1}', `[{"op":"add","path":"/${name}","value":{"b":2}}]`, `{"a":1,"${name}":{"b":2}}`],
  [`add below an own ${name}`, `{"${name}":{}}`, `[{"op":"add","path":"/${name}/b","value":2}]`, `{"${name}":{"b":2}}`],
  [`replace an own ${name}`, `{"${name}":1}`, `[{"op":"replace","path":"/${name}","value":2}]`, `{"${name}":2}`],
  [`remove an own ${name}`, `{"${name}":1,"a":2}`, `[{"op":"remove","path":"/${name}"}]`, '{"a":2}'],
  [`move from an own ${name}`, `{"${name}":1}`, `[{"op":"move","from":"/${name}","path":"/a"}]`, '{"a":1}'],
  [`move to ${name}`, '{"a":1}', `[{"op":"move","from":"/a","path":"/${name}"}]`, `{"${name}":1}`],
  [
    `copy an own ${name}`,
    `{"${name}":{"b":1}}`,
    `[{"op":"copy","from":"/${name}","path":"/a"}]`,
    `{"${name}":{"b":1},"a":{"b":1}}`,
  ],
  [`test an own ${name}`, `{"${name}":1}`, `[{"op":"test","path":"","value":{"${name}":1}}]`, `{"${name}":1}`],
  [`${name} counts in a test`, '{}', `[{"op":"test","path":"","value":{"${name}":null}}]`, '!patch_test_failed'],
  [`add below an inherited ${name}`, '{}', `[{"op":"add","path":"/${name}/b","value":2}]`, '!patch_failed'],
  [`replace an inherited ${name}`, '{}', `[{"op":"replace","path":"/${name}","value":2}]`, '!patch_failed'],
  [`remove an inherited ${name}`, '{}', `[{"op":"remove","path":"/${name}"}]`, '!patch_failed'],
  [`move an inherited ${name}`, '{}', `[{"op":"move","from":"/${name}","path":"/a"}]`, '!patch_failed'],
  [`copy an inherited ${name}`, '{}', `[{"op":"copy","from":"/${name}","path":"/a"}]`, '!patch_failed'],
  [`test an inherited ${name}`, '{}', `[{"op":"test","path":"/${name}","value":{}}]`, '!patch_failed'],
  [`${name} of an array`, '[1]', `[{"op":"copy","from":"/${name}","path":"/0"}]`, '!patch_failed'],
  [`add ${name} to an array`, '[1]', `[{"op":"add","path":"/${name}","value":1}]`, '!patch_failed'],
  [`${name} of a string`, '{"a":"b"}', `[{"op":"copy","from":"/a/${name}","path":"/c"}]`, '!patch_failed'],
  [
    `${name} inside a value`,
    '{}',
    `[{"op":"add","path":"/a","value":{"${name}":{"b":1}}}]`,
    `{"a":{"${name}":{"b":1}}}`,
  ],
])

const operations = (path: string): [string, string][] => [
  ['add', `[{"op":"add","path":"${path}","value":1}]`],
  ['replace', `[{"op":"replace","path":"${path}","value":1}]`],
  ['remove', `[{"op":"remove","path":"${path}"}]`],
  ['test', `[{"op":"test","path":"${path}","value":1}]`],
  ['move from', `[{"op":"move","from":"${path}","path":"/0"}]`],
  ['move to', `[{"op":"move","from":"/0","path":"${path}"}]`],
  ['copy from', `[{"op":"copy","from":"${path}","path":"/0"}]`],
  ['copy to', `[{"op":"copy","from":"/0","path":"${path}"}]`],
]

/** RFC 6901 section 4: an index is `0`, or digits without a leading zero. None of these is a place in an array of three. */
const noIndices = [
  '01',
  '00',
  '1e0',
  '1.0',
  '-0',
  '-1',
  '+1',
  ' 1',
  '1 ',
  '0x1',
  '١',
  '',
  'length',
  'NaN',
  '4',
  '4294967296',
]
const beyondNumbers = ['9007199254740993', '99999999999999999999', '1'.repeat(400)]

const asIndices = [...noIndices, ...beyondNumbers].flatMap((token) =>
  operations(`/${token}`).map<CaseRow>(([name, patch]) => [
    `${name} the index "${token.slice(0, 24)}"`,
    '[1,2,3]',
    patch,
    '!patch_failed',
  ]),
)

/** RFC 6901 section 3: what is not in the grammar of a pointer. */
const noPointers = ['a', '0', '#/0', '~', '/~', '/~2', '/a~', '/~~', '/~01~', ' /0'].flatMap((pointer) =>
  operations(pointer).map<CaseRow>(([name, patch]) => [
    `${name} the pointer "${pointer}"`,
    '[1]',
    patch,
    '!malformed_patch',
  ]),
)

const endOfArray: CaseRow[] = [
  ['the end cannot be removed', '[1]', '[{"op":"remove","path":"/-"}]', '!patch_failed'],
  ['the end cannot be replaced', '[1]', '[{"op":"replace","path":"/-","value":2}]', '!patch_failed'],
  ['the end cannot be tested', '[1]', '[{"op":"test","path":"/-","value":1}]', '!patch_failed'],
  ['the end cannot be copied', '[1]', '[{"op":"copy","from":"/-","path":"/0"}]', '!patch_failed'],
  ['the end cannot be moved', '[1]', '[{"op":"move","from":"/-","path":"/0"}]', '!patch_failed'],
  ['the end has nothing below it', '[[1]]', '[{"op":"add","path":"/-/0","value":1}]', '!patch_failed'],
  ['"-" is a name in an object', '{"-":1}', '[{"op":"replace","path":"/-","value":2}]', '{"-":2}'],
]

const names: CaseRow[] = [
  ['an empty name', '{"":{"":1}}', '[{"op":"replace","path":"//","value":2}]', '{"":{"":2}}'],
  [
    'names in other scripts',
    '{"ключ":{"鍵":[0]}}',
    '[{"op":"add","path":"/ключ/鍵/-","value":1}]',
    '{"ключ":{"鍵":[0,1]}}',
  ],
  ['a name beyond the first plane', '{"😀":1}', '[{"op":"move","from":"/\\ud83d\\ude00","path":"/a"}]', '{"a":1}'],
  ['names are not normalised', '{"é":1}', '[{"op":"remove","path":"/e\\u0301"}]', '!patch_failed'],
  ['~01 is ~1', '{"~1":1,"/":2}', '[{"op":"remove","path":"/~01"}]', '{"/":2}'],
  ['~0~1 is ~/', '{"~/":1}', '[{"op":"replace","path":"/~0~1","value":2}]', '{"~/":2}'],
  ['a name with NUL', '{"\\u0000":1}', '[{"op":"move","from":"/\\u0000","path":"/a"}]', '{"a":1}'],
  ['a number is a name in an object', '{"01":1}', '[{"op":"move","from":"/01","path":"/1e0"}]', '{"1e0":1}'],
  ['two names that differ by a slash', '{"a/b":1,"a":{"b":2}}', '[{"op":"remove","path":"/a~1b"}]', '{"a":{"b":2}}'],
]

const members: CaseRow[] = [
  ['a path that is a number', '[1]', '[{"op":"remove","path":0}]', '!malformed_patch'],
  ['a path that is an array', '[1]', '[{"op":"remove","path":["0"]}]', '!malformed_patch'],
  ['a from that is null', '[1]', '[{"op":"copy","from":null,"path":"/0"}]', '!malformed_patch'],
  ['an op that is an array', '[1]', '[{"op":["remove"],"path":"/0"}]', '!malformed_patch'],
  ['an op of the prototype', '{}', '[{"op":"toString","path":"/a"}]', '!malformed_patch'],
  [
    'members of the prototype are not members',
    '{}',
    '[{"__proto__":{"op":"add","path":"/a","value":1}}]',
    '!malformed_patch',
  ],
]

const mergePatches = inherited.flatMap<CaseRow>((name) => [
  [`${name} is a member`, '{"a":1}', `{"${name}":{"b":2}}`, `{"a":1,"${name}":{"b":2}}`],
  [`${name} is removed`, `{"a":1,"${name}":2}`, `{"${name}":null}`, '{"a":1}'],
  [`an inherited ${name} is not there`, '{}', `{"${name}":null}`, '{}'],
  [`an inherited ${name} is not merged`, '{}', `{"${name}":{"${name}":{"b":1}}}`, `{"${name}":{"${name}":{"b":1}}}`],
  [
    `an own ${name} is merged`,
    `{"${name}":{"a":1,"b":2}}`,
    `{"${name}":{"a":null,"c":3}}`,
    `{"${name}":{"b":2,"c":3}}`,
  ],
])

/** What a patch and its values may not hold at all: refused at the door and not changed (RFC 8259 sections 4, 6 and 8.2). */
const door: CaseRow[] = [
  ['a member name twice', '{}', '[{"op":"add","path":"/a","path":"/b","value":1}]', '!json_duplicate_member'],
  [
    'a member name twice in a value',
    '{}',
    '[{"op":"add","path":"/a","value":{"b":1,"b":2}}]',
    '!json_duplicate_member',
  ],
  [
    '__proto__ twice',
    '{}',
    '[{"op":"add","path":"/a","value":{"__proto__":1,"__proto__":2}}]',
    '!json_duplicate_member',
  ],
  ['a number over the range', '{}', '[{"op":"add","path":"/a","value":1e400}]', '!json_lost_number'],
  ['a number between two doubles', '{}', '[{"op":"add","path":"/a","value":9007199254740993}]', '!json_lost_number'],
  ['half a surrogate pair', '{}', '[{"op":"add","path":"/a","value":"\\ud800"}]', '!json_lone_surrogate'],
  ['half a surrogate pair in a pointer', '{}', '[{"op":"add","path":"/\\udc00","value":1}]', '!json_lone_surrogate'],
  ['half a surrogate pair in a name', '{}', '[{"op":"add","path":"/a","value":{"\\ud800":1}}]', '!json_lone_surrogate'],
  [
    'a value of 70 levels',
    '{}',
    `[{"op":"add","path":"/a","value":${'['.repeat(70)}${']'.repeat(70)}}]`,
    '!json_too_deep',
  ],
  ['no JSON', '{}', '[{"op":"add","path":"/a","value":undefined}]', '!malformed_json'],
  ['nothing', '{}', '', '!malformed_json'],
]

const mergeDoor: CaseRow[] = [
  ['a member name twice', '{}', '{"a":1,"a":2}', '!json_duplicate_member'],
  ['a number over the range', '{}', '{"a":-1e999}', '!json_lost_number'],
  ['half a surrogate pair', '{}', '{"a":"\\udfff"}', '!json_lone_surrogate'],
  ['70 levels', '{}', `${'{"a":'.repeat(70)}1${'}'.repeat(70)}`, '!json_too_deep'],
]

export const hostile = [
  ...casesOf('hostile: names', 'json-patch', [...asMembers, ...names]),
  ...casesOf('hostile: arrays', 'json-patch', [...asIndices, ...endOfArray]),
  ...casesOf('hostile: operations', 'json-patch', [...noPointers, ...members]),
  ...casesOf('hostile: merge', 'merge-patch', mergePatches),
  ...casesOf('hostile: the door', 'json-patch', door),
  ...casesOf('hostile: the door', 'merge-patch', mergeDoor),
]
