import { compareJson } from './compare-json.ts'

const compare = (before: unknown, after: unknown) => compareJson(JSON.stringify(before), JSON.stringify(after))

test('lists each place with its old and its new value', () => {
  const before = { name: 'whale', size: { length: 30, unit: 'm' }, seas: ['north', 'south', 'west'], old: null }
  const after = { name: 'Whale', size: { length: 30, unit: 'm', weight: 190 }, seas: ['north', 'west'] }
  expect(compare(before, after)).toBe(`# Difference

1 added, 2 removed, 1 changed.

\`\`\`diff
@@ "/name" @@
-"whale"
+"Whale"
@@ "/old" @@
-null
@@ "/seas/1" @@
-"south"
@@ "/size/weight" @@
+190
\`\`\`
`)
})

test('several changes of one array show the values that stood there', () => {
  const difference = compare([1, 2, 3, 4, { a: 5 }, 6, 7, 8], [1, 3, 4, { a: 'five' }, 6, 8])
  expect(difference).toContain('0 added, 2 removed, 1 changed.')
  for (const part of ['@@ "/1" @@\n-2\n', '@@ "/4/a" @@\n-5\n+"five"\n', '@@ "/6" @@\n-7\n'])
    expect(difference).toContain(part)
})

test('places stand in the order of their paths, however the documents order their members', () => {
  const paths = (difference: string) => [...difference.matchAll(/^@@ "(.*)" @@$/gm)].map(([, path]) => path)
  const difference = compareJson(
    '{"b":[0,1,2,3,4,5,6,7,8,9,10],"a":1,"a-":1}',
    '{"a-":2,"b":[0,1,"",3,4,5,6,7,8,9,""],"a":2}',
  )
  expect(paths(difference)).toEqual(['/a', '/a-', '/b/2', '/b/10'])
})

test('names keep what would break a line or a path', () => {
  expect(compare({ 'a/b~\n': 1 }, { 'a/b~\n': 2 })).toContain(String.raw`@@ "/a~1b~0\n" @@`)
  expect(compareJson('{"__proto__":1}', '{"__proto__":2}')).toContain('@@ "/__proto__" @@\n-1\n+2\n')
})

test('says so where there is no difference but the notation', () => {
  expect(compareJson('{"a":1,"b":2}', '{"a":1,"b":2}')).toBe('# Difference\n\nThe two documents are equal.\n')
  expect(compareJson('{"a":1,"b":2}', '{ "b": 2.0, "a": 1 }')).toContain('only written differently')
})

test('long values are clipped between characters, long lists after a thousand', () => {
  expect(compare('x', '😀'.repeat(200))).toContain(`"${'😀'.repeat(99)}… (402 characters)`)
  const list = (offset: number) => Object.fromEntries(Array.from({ length: 1500 }, (_, at) => [`k${at}`, at + offset]))
  const difference = compare(list(0), list(10_000))
  expect(difference).toContain('0 added, 0 removed, 1500 changed.')
  expect(difference.endsWith('\n```\n\nand 500 more.\n')).toBe(true)
})

test('the smallest document is compared place by place', () => {
  expect(compare({ a: 1, b: 2 }, { a: 3, b: 4 })).toContain('@@ "/a" @@\n-1\n+3\n@@ "/b" @@\n-2\n+4\n')
})

test('documents that differ in too many places are not compared, in bounded time and space', () => {
  const wide = (offset: number) => ({
    ['n'.repeat(500_000)]: Object.fromEntries(Array.from({ length: 9000 }, (_, at) => [`k${at}`, at + offset])),
  })
  const started = performance.now()
  expect(compare(wide(0), wide(1))).toContain('too many places')
  expect(performance.now() - started).toBeLessThan(2000)
})

test('a whole document may be another', () => {
  expect(compare({ a: 1 }, [1])).toContain('@@ "" @@\n-{"a":1}\n+[1]\n')
})

test('what is no JSON is refused for good', () => {
  expect(() => compareJson('{', '{}')).toThrow(
    expect.objectContaining({ code: 'malformed_json', retryable: false }) as Error,
  )
})
