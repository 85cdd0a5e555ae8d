import { summarise } from './transform.ts'

const text = `The whale is the largest animal of the sea. It rained on Tuesday. Whales feed in cold seas and travel far across the sea to breed.
Nobody knew why. A whale of the cold seas may travel ten thousand miles in a year, and other animals of the sea follow the whale.`

test('takes the most important sentences, word for word and in order', async () => {
  const summary = (await summarise(text, 2)).trimEnd().split('\n')
  expect(summary).toHaveLength(2)
  const places = summary.map((sentence) => text.replaceAll('\n', ' ').indexOf(sentence))
  expect(places.every((place) => place >= 0)).toBe(true)
  expect(places).toEqual(places.toSorted((a, b) => a - b))
  expect(summary.join(' ')).toContain('whale')
  expect(summary.join(' ')).not.toContain('Tuesday')
})

test('is the same each time; a short text is its own summary', async () => {
  expect(await summarise(text, 2)).toBe(await summarise(text, 2))
  expect(await summarise('One sentence only.', 3)).toBe('One sentence only.\n')
  expect(await summarise('', 3)).toBe('\n')
})

test('a quotation counts as what it quotes', async () => {
  const quoting = `The whale swam in the sea. Key term: whale, used here: The whale swam in the sea. Key term: sea, used here: The whale swam in the sea.`
  expect(await summarise(quoting, 1)).toBe('The whale swam in the sea.\n')
})
