import { beginning, nextEdit } from './story.ts'

test('each edit adds the next sentence, and after the last one the text starts again', () => {
  const first = nextEdit(beginning)
  expect(first.text).toBe(`${beginning} ${first.typed}`)
  const second = nextEdit(first.text)
  expect(second.text).toBe(`${first.text} ${second.typed}`)
  const third = nextEdit(second.text)
  expect(nextEdit(third.text)).toEqual(first)
})

test('a text that somebody else has changed starts again', () => {
  expect(nextEdit('something else')).toEqual(nextEdit(beginning))
})

test('a sentence is typed with a slip', () => {
  const { typed, meant } = nextEdit(beginning)
  expect(typed).not.toBe(meant)
  expect(typed.replace('the the', 'the')).toBe(meant)
})
