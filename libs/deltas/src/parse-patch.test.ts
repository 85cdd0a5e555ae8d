import { parsePatch } from './parse-patch.ts'

test('one operation alone is a list of one', () => {
  const operation = { op: 'add', path: '/a', value: 1 }
  expect(parsePatch('json-patch', JSON.stringify(operation))).toEqual([operation])
  expect(parsePatch('json-patch', JSON.stringify([operation]))).toEqual([operation])
  expect(parsePatch('merge-patch', JSON.stringify(operation))).toEqual(operation)
})

test.each<['json-patch' | 'merge-patch', string, string, string]>([
  ['json-patch', '"add"', 'malformed_patch', ''],
  ['json-patch', 'null', 'malformed_patch', ''],
  ['json-patch', '[{"op":"add","path":"/a","value":1e400}]', 'json_lost_number', '/0/value'],
  ['json-patch', '{"op":"add","op":"remove","path":"/a"}', 'json_duplicate_member', '/op'],
  ['merge-patch', '{"a":"\\udc00"}', 'json_lone_surrogate', '/a'],
  ['merge-patch', '{"a":', 'malformed_json', '/a'],
])('%s %s is refused as %s at %j', (format, text, code, pointer) => {
  expect(() => parsePatch(format, text)).toThrow(
    expect.objectContaining({ code, extensions: { errors: [expect.objectContaining({ pointer })] } }) as Error,
  )
})

test('a patch has a limit of what there is to walk', () => {
  expect(() => parsePatch('merge-patch', `[${Array(70_000).fill('{}').join(',')}]`)).toThrow(
    expect.objectContaining({ code: 'patch_too_large' }) as Error,
  )
  expect(parsePatch('merge-patch', `[${Array(70_000).fill('0').join(',')}]`)).toHaveLength(70_000)
})
