import { beginning, nextEdit } from './story.ts'

test('each edit adds the next sentence, and after the last one the text starts again', () => {
  const first = nextEdit(beginning)
  expect(first.text).toBe(`${beginning} ${first.sentence}`)
  const second = nextEdit(first.text)
  expect(second.text).toBe(`${first.text} ${second.sentence}`)
  const third = nextEdit(second.text)
  expect(nextEdit(third.text)).toEqual(first)
})

test('a text that somebody else has changed starts again', () => {
  expect(nextEdit('something else')).toEqual(nextEdit(beginning))
})
