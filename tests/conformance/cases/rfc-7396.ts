import { casesOf } from './case.ts'

/** All examples of RFC 7396: sections 1 and 3 and the table of appendix A. */
export const rfc7396 = [
  ...casesOf('RFC 7396 section 1', 'merge-patch', [
    ['the example', '{"a":"b","c":{"d":"e","f":"g"}}', '{"a":"z","c":{"f":null}}', '{"a":"z","c":{"d":"e"}}'],
  ]),
  ...casesOf('RFC 7396 section 3', 'merge-patch', [
    [
      'the example',
      `{"title":"Goodbye!","author":{"givenName":"John","familyName":"Doe"},
        "tags":["example","sample"],"content":"This will be unchanged"}`,
      '{"title":"Hello!","phoneNumber":"+01-123-456-7890","author":{"familyName":null},"tags":["example"]}',
      `{"title":"Hello!","author":{"givenName":"John"},"tags":["example"],"content":"This will be unchanged",
        "phoneNumber":"+01-123-456-7890"}`,
    ],
  ]),
  ...casesOf('RFC 7396 appendix A', 'merge-patch', [
    ['row 1', '{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['row 2', '{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['row 3', '{"a":"b"}', '{"a":null}', '{}'],
    ['row 4', '{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['row 5', '{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['row 6', '{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['row 7', '{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['row 8', '{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['row 9', '["a","b"]', '["c","d"]', '["c","d"]'],
    ['row 10', '{"a":"b"}', '["c"]', '["c"]'],
    ['row 11', '{"a":"foo"}', 'null', 'null'],
    ['row 12', '{"a":"foo"}', '"bar"', '"bar"'],
    ['row 13', '{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['row 14', '[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['row 15', '{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ]),
  ...casesOf('RFC 7396 section 2', 'merge-patch', [
    ['nulls inside arrays stay', '{"a":1}', '{"a":[null,{"b":null}]}', '{"a":[null,{"b":null}]}'],
    ['removing what is not there', '{"a":1}', '{"b":null,"c":{"d":null}}', '{"a":1,"c":{}}'],
    ['an empty patch', '{"a":1}', '{}', '{"a":1}'],
    ['an empty patch makes an object of a scalar', '"a"', '{}', '{}'],
  ]),
]
