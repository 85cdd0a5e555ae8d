import type { TextOperation } from '@studio/contracts'
import { codePointLength, countCodePoints, isContinuation } from '../text/code-points.ts'
import { normaliseTextOperations } from '../text/text-operations.ts'
import { diffTokens, newEffort, type Effort } from './diff-tokens.ts'
import { linesOf } from './lines.ts'
import { trimCommon } from './trim-common.ts'

/** A stretch of lines that differ is compared by words up to this many UTF-16 units on both sides together. */
const mostWords = 32_768
/** What taking a stretch apart costs beside its words. */
const tokensPerStretch = 20
/** What is written word by word may be this many times longer than the whole stretch: small changes merge better. */
const patience = 2

/**
 * The text delta from one UTF-8 text to another: what they have in common at start and end, whatever its size; between them the lines that
 * differ, and in those the words. Beyond the caps, the whole between is replaced. At most some 50 ms for 16 MiB.
 */
export function diffText(base: Uint8Array, next: Uint8Array): TextOperation[] {
  const { start, end } = trimToCodePoints(base, next)
  const removed = base.subarray(start, base.length - end)
  const added = next.subarray(start, next.length - end)
  return normaliseTextOperations([{ retain: countCodePoints(base, 0, start) }, ...stepsOf(removed, added)])
}

function trimToCodePoints(base: Uint8Array, next: Uint8Array): { start: number; end: number } {
  let { start, end } = trimCommon(base, next)
  while (start > 0 && (isContinuation(base[start]) || isContinuation(next[start]))) start--
  while (end > 0 && isContinuation(base[base.length - end])) end--
  return { start, end }
}

function stepsOf(removed: Uint8Array, added: Uint8Array): TextOperation[] {
  const [lines, others] = [linesOf(removed), linesOf(added)]
  if (lines === undefined || others === undefined)
    return [{ insert: Buffer.from(added).toString('utf8') }, { delete: countCodePoints(removed, 0, removed.length) }]
  const effort = newEffort()
  return stepsBetween(lines, others, effort, (old, fresh) => wordSteps(old, fresh, effort))
}

/** The steps from tokens to others: what stayed is retained, what became of each change is for `between` to say. */
function stepsBetween(
  tokens: readonly string[],
  others: readonly string[],
  effort: Effort,
  between: (old: string, fresh: string) => readonly TextOperation[],
): TextOperation[] {
  const steps: TextOperation[] = []
  let at = 0
  for (const { from, to, otherFrom, otherTo } of diffTokens(tokens, others, effort)) {
    steps.push({ retain: lengthOf(tokens, at, from) })
    for (const step of between(tokens.slice(from, to).join(''), others.slice(otherFrom, otherTo).join('')))
      steps.push(step)
    at = to
  }
  steps.push({ retain: lengthOf(tokens, at, tokens.length) })
  return steps
}

function lengthOf(tokens: readonly string[], from: number, to: number): number {
  let codePoints = 0
  for (let at = from; at < to; at++) codePoints += codePointLength(tokens[at] as string)
  return codePoints
}

function wordSteps(old: string, fresh: string, effort: Effort): readonly TextOperation[] {
  const whole = replaced(old, fresh)
  effort.tokens -= tokensPerStretch
  if (effort.tokens < 0 || old.length + fresh.length > mostWords) return whole
  const words = stepsBetween(wordsOf(old), wordsOf(fresh), effort, replaced)
  const size = JSON.stringify(normaliseTextOperations(words)).length
  return size < JSON.stringify(whole).length * patience ? words : whole
}

function replaced(old: string, fresh: string): readonly TextOperation[] {
  return [{ insert: fresh }, { delete: codePointLength(old) }]
}

/** Words, stretches of white space, and other characters one by one; `u` keeps surrogate pairs whole. */
function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}\p{M}_]+|\s+|[^]/gu) ?? []
}
