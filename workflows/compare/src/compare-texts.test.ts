import { compareTexts } from './compare-texts.ts'

test('writes what was added and removed, with its surroundings', () => {
  expect(compareTexts('one\ntwo\nthree\n', 'one\n2\nthree\nfour\n')).toBe(`# Difference

2 lines added, 1 line removed.

\`\`\`diff
--- before
+++ after
@@ -1,3 +1,4 @@
 one
-two
+2
 three
+four
\`\`\`
`)
})

test('says so where there is no difference', () => {
  expect(compareTexts('same', 'same')).toContain('equal')
  expect(compareTexts('same', 'same\n')).toContain('1 line added, 1 line removed.')
})

test('lines that look like marks of the difference are counted as what they are', () => {
  expect(compareTexts('-- a\n', '++ b\n@@ c @@\n')).toContain('2 lines added, 1 line removed.')
})

test('no text ends the block that it is shown in', () => {
  const difference = compareTexts('````\ncode\n````\n', '````\nother\n````\n')
  expect(difference).toContain('\n`````diff\n')
  expect(difference.endsWith('\n`````\n')).toBe(true)
})

test('texts that differ in too many lines are counted, in bounded time', () => {
  const lines = (mark: string) => `title\n${Array.from({ length: 60_000 }, (_, at) => `${mark}${at}\n`).join('')}`
  const started = performance.now()
  expect(compareTexts(lines('a'), lines('b'))).toContain('60002 lines became 60002 lines, from line 2 on')
  expect(performance.now() - started).toBeLessThan(2000)
})
