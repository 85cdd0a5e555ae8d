import { casesOf, type CaseRow } from './case.ts'

const document = String.raw`{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}`

/** The pointers of RFC 6901 section 5, as JSON strings, and the values they name. (Section 6, URI fragments, is no part of JSON Patch.) */
const pointers: readonly (readonly [pointer: string, value: string])[] = [
  ['""', document],
  ['"/foo"', '["bar","baz"]'],
  ['"/foo/0"', '"bar"'],
  ['"/"', '0'],
  ['"/a~1b"', '1'],
  ['"/c%d"', '2'],
  ['"/e^f"', '3'],
  ['"/g|h"', '4'],
  [String.raw`"/i\\j"`, '5'],
  [String.raw`"/k\"l"`, '6'],
  ['"/ "', '7'],
  ['"/m~0n"', '8'],
]

/** Each pointer is followed by a copy to the root, which shows what it names, and by a test. */
export const rfc6901 = casesOf(
  'RFC 6901 section 5',
  'json-patch',
  pointers.flatMap<CaseRow>(([pointer, value]) => [
    [`${pointer} names its value`, document, `[{"op":"copy","from":${pointer},"path":""}]`, value],
    [`${pointer} holds its value`, document, `[{"op":"test","path":${pointer},"value":${value}}]`, document],
  ]),
)
