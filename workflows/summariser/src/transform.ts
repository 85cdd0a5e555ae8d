import type { WinkMethods } from 'wink-nlp'

/**
 * The most important sentences of a text, word for word and in its own order; the whole text where it has no more. A sentence that only
 * quotes another one of the text counts as the one that it quotes.
 */
export async function summarise(text: string, sentences: number): Promise<string> {
  const { readDoc, its } = await (loading ??= load())
  const document = readDoc(text)
  const all = document
    .sentences()
    .out()
    .map((sentence) => sentence.trim().replaceAll(/\s+/g, ' '))
  const importances = document.out(its.sentenceWiseImportance) as unknown as { index: number; importance: number }[]
  const ranked = importances.toSorted((a, b) => b.importance - a.importance || a.index - b.index)
  const chosen = new Set<number>()
  for (const { index } of ranked) {
    if (chosen.size >= sentences) break
    if (all[index]) chosen.add(originalOf(index, all))
  }
  const lines = [...chosen].toSorted((a, b) => a - b).map((index) => all[index])
  return `${lines.join('\n')}\n`
}

const shortestQuotation = 12

function originalOf(index: number, all: readonly string[]): number {
  const sentence = all[index] ?? ''
  const quoted = all.findIndex(
    (other) => other.length >= shortestQuotation && other.length <= sentence.length && sentence.includes(other),
  )
  return quoted === -1 ? index : quoted
}

let loading: Promise<WinkMethods> | undefined

// The language model takes some 60 MB: when it is first needed.
async function load(): Promise<WinkMethods> {
  const [{ default: wink }, { default: model }] = await Promise.all([
    import('wink-nlp'),
    import('wink-eng-lite-web-model'),
  ])
  return wink(model, ['sbd', 'pos'])
}
