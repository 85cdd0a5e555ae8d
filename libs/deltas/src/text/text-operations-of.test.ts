import { applyText } from './apply-text.ts'
import { textOperationsOf } from './text-operations-of.ts'

function apply(text: string, diff: string): unknown {
  try {
    return applyText(Buffer.from(text), textOperationsOf(diff, Buffer.from(text))).toString()
  } catch (error) {
    const { code, extensions } = error as { code: string; extensions: Record<string, unknown> }
    return { code, ...extensions }
  }
}

const text = 'one\ntwo\nthree\nfour\nfive\n'

describe('unified diffs as text operations', () => {
  it('count code points, and put in before they take out', () => {
    expect(textOperationsOf('@@ -1,2 +1,2 @@\n 😀é\n-two\n+zwei\n', Buffer.from('😀é\ntwo\nthree\n'))).toEqual([
      { retain: 3 },
      { insert: 'zwei\n' },
      { delete: 4 },
    ])
  })

  it.each<[string, string, string, string]>([
    ['with file names', text, '--- a\n+++ b\n@@ -2 +2 @@\n-two\n+2\n', 'one\n2\nthree\nfour\nfive\n'],
    [
      'as git writes it',
      text,
      'diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@ section\n one\n-two\n+2\n',
      'one\n2\nthree\nfour\nfive\n',
    ],
    ['without a last line end of its own', text, '@@ -1 +0,0 @@\n-one', 'two\nthree\nfour\nfive\n'],
    ['of two hunks', text, '@@ -1 +1,2 @@\n+zero\n one\n@@ -5 +6 @@\n-five\n+5\n', 'zero\none\ntwo\nthree\nfour\n5\n'],
    ['that adds behind a line', text, '@@ -5,0 +6 @@\n+six\n', `${text}six\n`],
    ['that adds before all', text, '@@ -0,0 +1 @@\n+zero\n', `zero\n${text}`],
    ['of an empty text', '', '@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n', 'a'],
    ['that empties a text', 'a\n', '@@ -1 +0,0 @@\n-a\n', ''],
    ['that adds the last line end', 'a\nb', '@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n', 'a\nb\n'],
    [
      'that keeps a last line without line end',
      'a\nb',
      '@@ -1,2 +1,3 @@\n+z\n a\n b\n\\ No newline at end of file\n',
      'z\na\nb',
    ],
    ['with CRLF', 'a\r\nb\r\n', '@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n', 'a\r\nc\r\n'],
    ['with an empty line of context, its space left out', 'a\n\nb\n', '@@ -1,3 +1,2 @@\n a\n\n-b\n', 'a\n\n'],
    ['whose lines look like headers', '-- a\n', '@@ -1 +1 @@\n--- a\n+++ b\n', '++ b\n'],
  ])('take a diff %s', (_name, base, diff, result) => expect(apply(base, diff)).toBe(result))

  it.each<[string, string, string, Record<string, unknown>]>([
    ['another line', text, '@@ -2 +2 @@\n-zwei\n+2\n', { hunk: 1, line: 2 }],
    ['the line elsewhere', text, '@@ -3 +3 @@\n-two\n+2\n', { hunk: 1, line: 3 }],
    ['other context', text, '@@ -1,3 +1,2 @@\n one\n-two\n drei\n', { hunk: 1, line: 3 }],
    ['a line behind the end', text, '@@ -1 +1 @@\n-one\n+1\n@@ -9 +9 @@\n-nine\n+9\n', { hunk: 2, line: 9 }],
    ['a line end that is not there', 'a', '@@ -1 +1 @@\n-a\n+b\n', { hunk: 1, line: 1 }],
    ['the lack of a line end', 'a\n', '@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n', { hunk: 1, line: 2 }],
    ['the start of a line', 'ab', '@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+c\n', { hunk: 1, line: 2 }],
    ['a line glued to the next', text, '@@ -1 +1 @@\n-one\n+1\n\\ No newline at end of file\n', { hunk: 1, line: 2 }],
    ['CRLF for LF', text, '@@ -1 +1 @@\n-one\r\n+1\r\n', { hunk: 1, line: 1 }],
  ])('do not fit %s', (_name, base, diff, place) =>
    expect(apply(base, diff)).toEqual({ code: 'patch_failed', ...place }),
  )

  it.each<[string, string, Record<string, unknown>]>([
    ['nothing', '', {}],
    ['prose', 'hello\n', { line: 1 }],
    ['names only', '--- a\n+++ b\n', {}],
    ['one name', '--- a\n@@ -1 +1 @@\n-one\n+1\n', { line: 2 }],
    ['prose between hunks', '@@ -1 +1 @@\n-one\n+1\nprose\n', { line: 4 }],
    ['a damaged header', '@@ -1 +1 @@\n-one\n+1\n@ -3 +3 @@\n-three\n+3\n', { line: 4 }],
    ['too few lines', '@@ -1,2 +1,2 @@\n-one\n+1\n', { line: 1 }],
    ['too many new lines', '@@ -1,2 +1 @@\n-one\n+1\n+2\n two\n', { line: 4 }],
    ['an unknown line', '@@ -1 +1 @@\n*one\n+1\n', { line: 2 }],
    ['a line 0', '@@ -0 +1 @@\n-one\n', { line: 1 }],
    ['two files', '--- a\n+++ b\n@@ -1 +1 @@\n-one\n+1\n--- c\n+++ d\n@@ -1 +1 @@\n-one\n+1\n', { line: 6 }],
    ['hunks that overlap', '@@ -1,2 +1 @@\n-one\n two\n@@ -2 +1 @@\n-two\n+2\n', {}],
    ['half a surrogate pair', '@@ -1 +1 @@\n-one\n+\ud83d\n', {}],
  ])('are not %s', (_name, diff, place) => expect(apply(text, diff)).toEqual({ code: 'malformed_patch', ...place }))
})
