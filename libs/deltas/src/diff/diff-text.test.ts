import fc from 'fast-check'
import { applyText } from '../text/apply-text.ts'
import { codePointLength } from '../text/code-points.ts'
import { anyText, editedTexts } from '../text/test-support.ts'
import { textOperationsOf } from '../text/text-operations-of.ts'
import { normaliseTextOperations } from '../text/text-operations.ts'
import { diffText } from './diff-text.ts'
import { unifiedDiff } from './unified-diff.ts'

const names = { from: 'a', to: 'b' }
const pairs = fc.oneof(editedTexts, fc.tuple(anyText, anyText))

describe('the text delta of two texts', () => {
  it.each<[string, string, unknown]>([
    ['same', 'same', []],
    ['', 'a', [{ insert: 'a' }]],
    ['a', '', [{ delete: 1 }]],
    ['a😀b', 'a😁b', [{ retain: 1 }, { insert: '😁' }, { delete: 1 }]],
    ['é', 'è', [{ insert: 'è' }, { delete: 1 }]],
    ['one two three', 'one 2 three', [{ retain: 4 }, { insert: '2' }, { delete: 3 }]],
  ])('from %j to %j is %j', (from, to, operations) =>
    expect(diffText(Buffer.from(from), Buffer.from(to))).toEqual(operations),
  )

  it('names the words that differ in the lines that differ', () => {
    const lines = Array.from({ length: 40 }, (_, at) => `line ${at} of a text that has some length\n`)
    const edited = lines
      .with(3, lines[3]?.replace('some', 'no') ?? '')
      .with(30, lines[30]?.replace('text', 'poem') ?? '')
    const operations = diffText(Buffer.from(lines.join('')), Buffer.from(edited.join('')))
    expect(operations.filter((operation) => !('retain' in operation))).toEqual([
      { insert: 'no' },
      { delete: 4 },
      { insert: 'poem' },
      { delete: 4 },
    ])
  })

  it('finds many edits by the lines between them', () => {
    const lines = Array.from({ length: 3_000 }, (_, at) => `line ${at}\n`)
    const edited = lines.map((line, at) => (at % 4 === 0 ? `edited ${line}` : line))
    const operations = diffText(Buffer.from(lines.join('')), Buffer.from(edited.join('')))
    expect(operations).toHaveLength(1_500 - 1)
    expect(applyText(Buffer.from(lines.join('')), operations).toString()).toBe(edited.join(''))
  })

  it('leads from one to the other, in normal form', () => {
    fc.assert(
      fc.property(pairs, ([from, to]) => {
        const operations = diffText(Buffer.from(from), Buffer.from(to))
        expect(applyText(Buffer.from(from), operations).toString()).toBe(to)
        expect(normaliseTextOperations(operations)).toEqual(operations)
      }),
      { numRuns: 200 },
    )
  })
})

describe('the unified diff of two texts', () => {
  it('is what GNU diff writes', () => {
    const from = 'a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n'
    const to = 'a\nb\nC\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm'
    expect(unifiedDiff(Buffer.from(from), Buffer.from(to), names)).toBe(
      [
        '--- a',
        '+++ b',
        '@@ -1,6 +1,6 @@',
        ' a',
        ' b',
        '-c',
        '+C',
        ' d',
        ' e',
        ' f',
        '@@ -10,3 +10,4 @@',
        ' j',
        ' k',
        ' l',
        '+m',
        '\\ No newline at end of file',
        '',
      ].join('\n'),
    )
    expect(unifiedDiff(Buffer.from(''), Buffer.from('a\n'), names)).toBe('--- a\n+++ b\n@@ -0,0 +1 @@\n+a\n')
    expect(unifiedDiff(Buffer.from(from), Buffer.from(from), names)).toBe('')
  })

  it('is read back as a delta that leads from one to the other', () => {
    fc.assert(
      fc.property(pairs, ([from, to]) => {
        fc.pre(from !== to)
        const diff = unifiedDiff(Buffer.from(from), Buffer.from(to), names)
        const operations = textOperationsOf(diff, Buffer.from(from))
        expect(applyText(Buffer.from(from), operations).toString()).toBe(to)
        expect(
          operations.reduce((sum, each) => sum + ('insert' in each ? codePointLength(each.insert) : 0), 0),
        ).toBeLessThanOrEqual(codePointLength(to))
      }),
      { numRuns: 200 },
    )
  })

  it('is refused where too much lies between two differences', () => {
    const lines = (count: number, last: string) => Buffer.from(`${last}${'x\n'.repeat(count)}${last}`)
    expect(() => unifiedDiff(lines(30_000, 'a\n'), lines(30_000, 'b\n'), names)).toThrow(
      expect.objectContaining({ code: 'diff_not_expressible' }),
    )
  })
})
