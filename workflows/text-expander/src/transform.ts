// The rule: the text as it is, then notes on it, made from its own words, until the target length is reached:
//   1. how long it is and how it begins,
//   2. its key terms (the words of four letters or more that it uses most), each with the first sentence that uses it,
//   3. its sentences one by one, each with its length.

const segmenters = {
  word: new Intl.Segmenter('en', { granularity: 'word' }),
  sentence: new Intl.Segmenter('en', { granularity: 'sentence' }),
}

const keyTerms = 12
const shortestTerm = 4
const commonWords = new Set(
  'about after again against also been before being below between both could does doing down during each from further have having here hers himself into itself just more most much must myself never only other ourselves over same shall should some such than that their theirs them themselves then there these they this those through under until upon very were what when where which while whom will with would your yours yourself'.split(
    ' ',
  ),
)

/** The text, expanded to about `targetWords` words. The same text gives the same output, which contains it and is longer. */
export function expandText(text: string, targetWords: number): string {
  const sentences = sentencesOf(text)
  const parts = [text.trimEnd(), beginning(text, sentences)]
  let words = countWords(parts.join('\n'))
  for (const part of [...terms(sentences), ...sentences.map(note)]) {
    if (words >= targetWords) break
    parts.push(part)
    words += countWords(part)
  }
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

export function countWords(text: string): number {
  let words = 0
  for (const { isWordLike } of segmenters.word.segment(text)) if (isWordLike) words += 1
  return words
}

function sentencesOf(text: string): string[] {
  return [...segmenters.sentence.segment(text)]
    .map(({ segment }) => segment.trim().replaceAll(/\s+/g, ' '))
    .filter((sentence) => sentence !== '')
}

function beginning(text: string, sentences: readonly string[]): string {
  const [first] = sentences
  if (first === undefined) return 'Notes: this text has no words yet.'
  return `Notes: this text has ${plural(countWords(text), 'word')} in ${plural(sentences.length, 'sentence')}. It begins: ${first}`
}

function terms(sentences: readonly string[]): string[] {
  const uses = new Map<string, { times: number; sentence: string }>()
  for (const sentence of sentences) {
    for (const { segment, isWordLike } of segmenters.word.segment(sentence)) {
      const term = segment.toLowerCase()
      if (!isWordLike || term.length < shortestTerm || commonWords.has(term)) continue
      const use = uses.get(term)
      if (use) use.times += 1
      else uses.set(term, { times: 1, sentence })
    }
  }
  return [...uses]
    .sort(([, a], [, b]) => b.times - a.times)
    .slice(0, keyTerms)
    .map(([term, { times, sentence }]) => `Key term: ${term} (${plural(times, 'time')}), first used here: ${sentence}`)
}

function note(sentence: string, index: number): string {
  return `Sentence ${index + 1} has ${plural(countWords(sentence), 'word')}: ${sentence}`
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
