import { readFileSync } from 'node:fs'

export const title = 'Alice’s Adventures in Wonderland'
export const author = 'Lewis Carroll'
export const year = 1865

const read = (name: string): string => readFileSync(new URL(`../text/${name}`, import.meta.url), 'utf8').trim()

/** The text as it is stored first. */
export const beginning = read('alice.txt')
const continuation = read('alice-goes-on.txt').split('\n')

/** How the text changes next, and the sentence that is new in it. */
export interface Edit {
  readonly text: string
  readonly sentence: string
}

/** The text with the book's next sentence; after the last one, or when somebody else has edited it, the beginning with the first. */
export function nextEdit(current: string): Edit {
  const known = continuation.findIndex((_sentence, count) => current === textWith(count))
  const count = (known === -1 ? 0 : known) + 1
  return { text: textWith(count), sentence: continuation[count - 1] ?? '' }
}

function textWith(sentences: number): string {
  return [beginning, ...continuation.slice(0, sentences)].join(sentences === 0 ? '' : ' ')
}
