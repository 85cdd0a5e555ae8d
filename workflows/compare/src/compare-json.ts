import type { Json } from '@studio/contracts'
import { diffJson, parsePointer } from '@studio/deltas'
import { parseStrictJson } from '@studio/kernel'
import { comparePaths } from './compare-paths.ts'
import { fenced } from './markdown.ts'

/** What is different at one place (a JSON Pointer); without `before` it was added, without `after` removed. */
interface Difference {
  path: string
  before?: Json
  after?: Json
}

const mostShown = 1000
const longestShown = 200

/**
 * The difference of two JSON documents as markdown: how many values were added, removed and changed, then by path each one's old and new
 * value, clipped to 200 characters; the first 1,000. Positions in arrays are those before the change. Documents that
 * differ in some 10,000 places are not compared. Throws what `parseStrictJson` throws.
 */
export function compareJson(before: string, after: string): string {
  const differences = differencesOf(parseStrictJson(before), parseStrictJson(after))
  return `# Difference\n\n${differences === null ? tooMuch : describe(differences, before === after)}\n`
}

const tooMuch = 'The documents differ in too many places to be compared value by value.'

function describe(differences: readonly Difference[], areSameText: boolean): string {
  if (differences.length === 0) {
    const notation = ' They are only written differently: white space, order of members, notation of values.'
    return `The two documents are equal.${areSameText ? '' : notation}`
  }
  const added = differences.filter(({ before }) => before === undefined).length
  const removed = differences.filter(({ after }) => after === undefined).length
  const summary = `${added} added, ${removed} removed, ${differences.length - added - removed} changed.`
  const shown = fenced('diff', differences.slice(0, mostShown).map(format).join(''))
  const left = differences.length - mostShown
  return [summary, shown, ...(left > 0 ? [`and ${left} more.`] : [])].join('\n\n')
}

/** By path. Null where there are too many. */
function differencesOf(from: Json, to: Json): Difference[] | null {
  // Whoever reads it looks for the places, however short the whole is.
  const operations = diffJson(from, to, Infinity)
  if (operations === undefined) return null
  return operations
    .map((operation) => ({ operation, tokens: parsePointer(operation.path) ?? [] }))
    .sort((one, other) => comparePaths(one.tokens, other.tokens))
    .map(({ operation, tokens }) => ({
      path: operation.path,
      // The patch changes arrays from their end, so that each of its paths holds in the document before.
      ...(operation.op !== 'add' && { before: valueAt(from, tokens) }),
      ...(operation.op !== 'remove' && { after: operation.value }),
    }))
}

function valueAt(document: Json, tokens: readonly string[]): Json | undefined {
  let value: Json | undefined = document
  for (const token of tokens) value = (value as Readonly<Record<string, Json>>)[token]
  return value
}

/** The path stands as a JSON string (RFC 6901 section 5), since names of members may hold line ends. */
function format({ path, before, after }: Difference): string {
  const lines = [`@@ ${clip(JSON.stringify(path))} @@`]
  if (before !== undefined) lines.push(`-${clip(JSON.stringify(before))}`)
  if (after !== undefined) lines.push(`+${clip(JSON.stringify(after))}`)
  return `${lines.join('\n')}\n`
}

function clip(text: string): string {
  if (text.length <= longestShown) return text
  // Half of a surrogate pair is no text.
  return `${text.slice(0, longestShown).replace(/[\uD800-\uDBFF]$/, '')}… (${text.length} characters)`
}
