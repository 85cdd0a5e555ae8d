import { checkContent } from './check-content.ts'

const codeOf = (run: () => void): string => {
  try {
    run()
    return 'fine'
  } catch (error) {
    return (error as { code: string }).code
  }
}

const invalidUtf8 = Buffer.from([0x22, 0xff, 0xfe, 0x22])

test.each<[string, string | Buffer, string]>([
  ['application/json', '{"a":1}', 'fine'],
  ['application/json', '{"a":1,"a":2}', 'json_duplicate_member'],
  ['application/json', '{"a":1e400}', 'json_lost_number'],
  ['application/json', '["\\ud800"]', 'json_lone_surrogate'],
  ['application/json', '{a:1}', 'invalid_content'],
  ['application/json', '', 'invalid_content'],
  ['application/json', invalidUtf8, 'invalid_utf8'],
  ['application/ld+json', 'no', 'invalid_content'],
  ['application/json', '['.repeat(64) + ']'.repeat(64), 'fine'],
  ['application/json', '['.repeat(65) + ']'.repeat(65), 'json_too_deep'],
  ['application/json', '['.repeat(1e6), 'json_too_deep'],
  ['text/plain', 'grün', 'fine'],
  ['text/plain', invalidUtf8, 'invalid_utf8'],
  ['text/plain; charset=utf-8', invalidUtf8, 'invalid_utf8'],
  ['text/plain; charset="UTF-8"', invalidUtf8, 'invalid_utf8'],
  ['text/plain; charset=utf-16', invalidUtf8, 'fine'],
  ['text/plain; a="; charset=utf-16"', invalidUtf8, 'invalid_utf8'],
  ['image/png', invalidUtf8, 'fine'],
])('%s %.20j is %s', (type, content, code) =>
  expect(codeOf(() => checkContent(type, Buffer.from(content as string)))).toBe(code),
)
