import { countWords, expandText } from './transform.ts'

const text = 'The sea was calm. A calm sea makes no sailor; the sailor waited for wind.'

test.each([1, 20, 60, 100_000])('contains the text, is longer and comes near %i words', (target) => {
  const expanded = expandText(text, target)
  expect(expanded).toContain(text)
  expect(expanded.length).toBeGreaterThan(text.length)
  if (target <= 60) expect(countWords(expanded)).toBeGreaterThanOrEqual(target)
})

test('is the same each time and grows with the target', () => {
  expect(expandText(text, 60)).toBe(expandText(text, 60))
  expect(countWords(expandText(text, 100))).toBeGreaterThan(countWords(expandText(text, 30)))
})

test('names the key terms by how often they are used', () => {
  expect(expandText(text, 60)).toMatch(/Key term: calm \(2 times\), first used here: The sea was calm\./)
})

test.each(['', '   \n', '!?'])('says that there is nothing to say of %j', (nothing) => {
  const expanded = expandText(nothing, 100)
  expect(expanded.length).toBeGreaterThan(nothing.length)
})
