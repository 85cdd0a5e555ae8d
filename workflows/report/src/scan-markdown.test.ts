import { scanMarkdown } from './scan-markdown.ts'

const scan = (text: string) => scanMarkdown(text.split('\n'))
const headingsOf = (text: string) => scan(text).headings.map(({ level, markdown }) => `${level} ${markdown}`)

test.each([
  ['# One\n\ntext\n### Three ##\n #hash', ['1 One', '3 Three']],
  ['#\n# #\n####### seven', ['1 ', '1 ']],
  ['Title\n=====\n\nOf two\nlines\n---', ['1 Title', '2 Of two lines']],
  ['text\n\n---\n\n- item\n---\n> quoted\n---\n\n    code\n---', []],
  ['- item\nlazy\n---\n\nfree\n---', ['2 free']],
])('headings of %j', (text, headings) => {
  expect(headingsOf(text)).toEqual(headings)
})

test.each([
  ['```sh\n# comment\n```\n# Head'],
  ['~~~ `a`\n# comment\n```\n# comment\n~~~~\n# Head'],
  ['- ```\n  # comment\n  ```\n\n# Head'],
  ['1. ```\n   # comment\n# Head'],
  ['> ```\n> # comment\n> ```\n# Head'],
  ['<!-- a\n\n# comment\n-->\n# Head'],
  ['<pre>\n\n# comment\n</pre>\n# Head'],
  ['> # quoted\n\n# Head'],
])('code, comments and containers have no headings: %j', (text) => {
  expect(headingsOf(text)).toEqual(['1 Head'])
})

test.each([
  ['```\ncode', '```'],
  ['~~~~ js\ncode\n~~~', '~~~~'],
  ['<!-- note', '-->'],
  ['<SCRIPT>\n\nalert()', '</script>'],
  ['- ```\n  code', null],
  ['```\ncode\n```', null],
  ['<!-- note -->', null],
  ['`` ` ``', null],
])('what %j leaves open is ended by %j', (text, closing) => {
  expect(scan(text).closing).toBe(closing)
})

test.each([['>'], ['> - '], ['`'], ['# '], ['* '], ['1. '], ['-'], ['<!--\n'], ['a\n===\n'], ['[']])(
  'a quarter MiB of %j takes no longer than it must',
  (part) => {
    const text = part.repeat(2 ** 18 / part.length)
    const started = performance.now()
    scan(text)
    expect(performance.now() - started).toBeLessThan(1000)
  },
)
