import { readFileSync } from 'node:fs'

export const title = 'Alice’s Adventures in Wonderland'
export const author = 'Lewis Carroll'
export const year = 1865

const read = (name: string): string => readFileSync(new URL(`../text/${name}`, import.meta.url), 'utf8').trim()

/** The text as it is stored first. */
export const beginning = read('alice.txt')
/** The sentences that follow in the book, as they are meant. */
const continuation = read('alice-goes-on.txt').split('\n')

/** How the text changes next. */
export interface Edit {
  readonly text: string
  /** The sentence that is new in it, with a slip of a writer in a hurry: a word stands there twice. */
  readonly typed: string
  /** The sentence as it stands in the book. */
  readonly meant: string
}

/** The text with the book's next sentence; after the last one, or when somebody else has edited it, the beginning with the first. */
export function nextEdit(current: string): Edit {
  const known = continuation.findIndex((_sentence, count) => current === textWith(count))
  const count = (known === -1 ? 0 : known) + 1
  const meant = continuation[count - 1] ?? ''
  return { text: textWith(count), typed: hurried(meant), meant }
}

function textWith(sentences: number): string {
  return [beginning, ...continuation.slice(0, sentences).map(hurried)].join(' ')
}

function hurried(sentence: string): string {
  return sentence.replace(' the ', ' the the ')
}
