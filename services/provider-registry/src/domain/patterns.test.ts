import { compilePattern } from './patterns.ts'

test('finds a pattern anywhere in the text', () => {
  expect(compilePattern('(?i)todo:').test('one\nToDo: two')).toBe(true)
  expect(compilePattern('^todo').test('no todo')).toBe(false)
})

test.each([
  ['a(?=b)', 'look-around'],
  ['(?<!a)b', 'look-around'],
  ['(a)\\1', 'back-references'],
  ['[', 'missing closing'],
])('%s is refused and the reason said', (source, reason) => {
  expect(() => compilePattern(source)).toThrow(reason)
})

test('a pattern that makes a backtracking engine explode is answered at once', () => {
  const started = performance.now()
  expect(compilePattern('^(a+)+$').test(`${'a'.repeat(50_000)}!`)).toBe(false)
  expect(performance.now() - started).toBeLessThan(2000)
})
