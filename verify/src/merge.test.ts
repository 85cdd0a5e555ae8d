import { mayBeMerge } from './merge.ts'

const check = (type: string, [base, edited, generated]: [string, string, string], found: string): boolean => {
  const [one, two, three] = [base, edited, generated].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer]
  return mayBeMerge(type, { base: one, edited: two, generated: three }, Buffer.from(found))
}
const ofText = (found: string, sides: [string, string, string]): boolean => check('text/plain', sides, found)
const ofJson = (found: unknown, sides: [unknown, unknown, unknown]): boolean =>
  check(
    'application/json',
    sides.map((side) => JSON.stringify(side)) as [string, string, string],
    JSON.stringify(found),
  )

test('lines that one side changed are there, and those that nobody did', () => {
  const sides: [string, string, string] = ['a\nb\nc\nd', 'A\nb\nc\nd', 'a\nb\nc\nD\ne']
  expect(ofText('A\nb\nc\nD\ne', sides)).toBe(true)
  for (const wrong of ['a\nb\nc\nD\ne', 'A\nb\nc\nd', 'A\nb\nc\nD', 'A\nc\nD\ne', ''])
    expect(ofText(wrong, sides)).toBe(false)
})

test('lines that are there several times are held to those around them', () => {
  const sides: [string, string, string] = [
    '# a\n\n1\n\n# b\n\n2\n',
    '# a\n\none\n\n# b\n\n2\n',
    '# a\n\n1\n\n# b\n\ntwo\n',
  ]
  expect(ofText('# a\n\none\n\n# b\n\ntwo\n', sides)).toBe(true)
  for (const wrong of [sides[1], sides[2], '# a\n\none\n# b\n\ntwo\n']) expect(ofText(wrong, sides)).toBe(false)
})

test('of what cannot be told line by line nothing is said', () => {
  expect(ofText('whatever', ['a\nb', 'A\nb', 'a\nB'])).toBe(true)
  expect(ofText('whatever', ['a\na\na', 'a\na', 'a\na\nB'])).toBe(true)
  expect(ofText('whatever', ['a\nb\nc', 'b\na\nc', 'a\nb\nC'])).toBe(true)
})

test('members that one side changed are there, at any depth', () => {
  const sides: [unknown, unknown, unknown] = [
    { a: { b: 1, c: 1 }, d: 1 },
    { a: { b: 2, c: 1 }, d: 1 },
    { a: { b: 1, c: 2 }, e: 1 },
  ]
  expect(ofJson({ e: 1, a: { c: 2, b: 2 } }, sides)).toBe(true)
  for (const wrong of [{ a: { b: 1, c: 2 }, e: 1 }, { a: { b: 2, c: 1 }, e: 1 }, { a: { b: 2, c: 2 }, d: 1, e: 1 }, []])
    expect(ofJson(wrong, sides)).toBe(false)
  expect(ofJson({ list: [3] }, [{ list: [1] }, { list: [2] }, { list: [0] }])).toBe(true)
})
