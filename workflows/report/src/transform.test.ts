import { slug } from 'github-slugger'
import { writeReport, type ReportText } from './transform.ts'

const { signal } = new AbortController()
const markdown = (text: string): ReportText => ({ text, isMarkdown: true })
const plain = (text: string): ReportText => ({ text, isMarkdown: false })
const write = (...texts: ReportText[]) => writeReport('The sea', texts, signal)

test('has a title, a table of contents and a section a text, in their order', async () => {
  expect(
    await write(
      markdown('# Whales\n\nThey are `large`.\n\n## Food\n\nKrill.\n'),
      plain('Herrings are small.\n\nVery.'),
    ),
  ).toBe(`# The sea

## Contents

- [Whales](#whales)
- [Herrings are small.](#herrings-are-small)

## Whales

They are \`large\`.

### Food

Krill.

## Herrings are small.

Herrings are small.

Very.
`)
})

test('anchors are those of the headings, each once, headings inside counted', async () => {
  const report = await write(
    markdown('# Food\n\n## The sea\n\n## Catch'),
    markdown('Food\n===='),
    markdown('# Catch'),
    plain('Contents'),
    markdown('# The [blue](http://sea) *and* `deep` _sea_'),
  )
  expect([...report.matchAll(/\]\(#([^)]*)\)$/gm)].map(([, anchor]) => anchor)).toEqual([
    'food',
    'food-1',
    'catch-1',
    'contents-1',
    'the-blue-and-deep-sea',
  ])
  expect(report).toContain('\n## The [blue](http://sea) *and* `deep` _sea_\n')
})

test('headings inside go one level down and stay below their section', async () => {
  const report = await write(markdown('Before.\n\n# One\n\n###### Six\n\nUnder\n-----\n\n```\n# code\n```'))
  expect(report.split('\n').filter((line) => line.startsWith('#'))).toEqual([
    '# The sea',
    '## Contents',
    '## One',
    '### One',
    '###### Six',
    '### Under',
    '# code',
  ])
})

test('a text that leaves something open does not swallow the next', async () => {
  const report = await write(markdown('# One\n\n```\ncode'), markdown('# Two'))
  expect(report).toContain('```\ncode\n```\n\n## Two\n')
})

test('a plain text means no markdown', async () => {
  const text = '# no heading\n* no item\n1. no number\n<b> & `code`\n===\n    indented snake_case _word_'
  expect(await write(plain(text))).toContain(
    String.raw`
\# no heading
\* no item
1\. no number
\<b> \& \`code\`
\===
indented snake_case \_word\_
`,
  )
})

test('a text without words for an anchor is called by its number; a long first line is shortened between words', async () => {
  const long = `${'word '.repeat(30)}end`
  const report = await write(plain('\n\n!!!\n'), markdown(''), plain(long))
  expect(report).toContain('- [Text 1](#text-1)\n- [Text 2](#text-2)\n')
  const title = `${'word '.repeat(16).trimEnd()}…`
  expect(report).toContain(`- [${title}](#${slug(title)})\n`)
  expect(report).toContain(`\n## ${title}\n\n${long}\n`)
})

test('is the same each time, and another where the order is another', async () => {
  const [one, two] = [markdown('# One'), plain('Two')]
  expect(await write(one, two)).toBe(await write(one, two))
  expect(await write(one, two)).not.toBe(await write(two, one))
})

test('ends when its result is no longer wanted', async () => {
  await expect(writeReport('The sea', [plain('text')], AbortSignal.abort())).rejects.toThrow(
    expect.objectContaining({ name: 'AbortError' }) as Error,
  )
})
