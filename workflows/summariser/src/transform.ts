import type { WinkMethods } from 'wink-nlp'

/** The most important sentences of a text, in its own order; the whole text where it has no more than that. */
export async function summarise(text: string, sentences: number): Promise<string> {
  const { readDoc, its } = await (loading ??= load())
  const document = readDoc(text)
  const all = document.sentences().out()
  const importances = document.out(its.sentenceWiseImportance) as unknown as { index: number; importance: number }[]
  const chosen = importances
    .toSorted((a, b) => b.importance - a.importance || a.index - b.index)
    .slice(0, sentences)
    .toSorted((a, b) => a.index - b.index)
  const lines = chosen.map(({ index }) => (all[index] ?? '').trim().replaceAll(/\s+/g, ' ')).filter((line) => line !== '')
  return `${lines.join('\n')}\n`
}

let loading: Promise<WinkMethods> | undefined

// The language model takes some 60 MB: when it is first needed.
async function load(): Promise<WinkMethods> {
  const [{ default: wink }, { default: model }] = await Promise.all([import('wink-nlp'), import('wink-eng-lite-web-model')])
  return wink(model, ['sbd', 'pos'])
}
