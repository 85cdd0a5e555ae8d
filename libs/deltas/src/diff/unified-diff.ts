import { StudioError } from '@studio/kernel'
import { diffTokens, newEffort, type Change } from './diff-tokens.ts'
import { countLineEnds, linesOf } from './lines.ts'
import { trimCommon } from './trim-common.ts'

const contextLines = 3

/**
 * The unified diff of two UTF-8 texts as GNU `diff -u` writes it, with three lines of context; `''` where they are the same. `names`
 * stand in its first two lines. Throws `diff_not_expressible` where what lies between the first and the last difference is too large to be
 * compared by lines.
 */
export function unifiedDiff(from: Uint8Array, to: Uint8Array, names: { from: string; to: string }): string {
  const { start, end } = trimToLines(from, to)
  const old = linesOf(from.subarray(start, from.length - end))
  const fresh = linesOf(to.subarray(start, to.length - end))
  if (old === undefined || fresh === undefined)
    throw new StudioError('diff_not_expressible', 'The texts differ too much to be compared by lines; ask for "text".')
  const hunks = groupChanges(diffTokens(old, fresh, newEffort()))
  if (hunks.length === 0) return ''
  const before = countLineEnds(from, 0, start)
  const body = hunks.map((changes) => formatHunk(changes, old, fresh, before))
  return `--- ${names.from}\n+++ ${names.to}\n${body.join('')}`
}

/** The common start and end in whole lines, less the context that the first and the last hunk need. */
function trimToLines(from: Uint8Array, to: Uint8Array): { start: number; end: number } {
  const { start, end } = trimCommon(from, to)
  let first = start
  // One line end more than lines of context: the first ends the line before them.
  for (let left = contextLines + 1; first > 0; first--) if (from[first - 1] === 0x0a && --left === 0) break
  let last = from.length - end
  for (let left = contextLines + 1; last < from.length && left > 0; last++) if (from[last] === 0x0a) left--
  return { start: first, end: from.length - last }
}

/** Changes whose contexts touch stand in one hunk. */
function groupChanges(changes: readonly Change[]): Change[][] {
  const hunks: Change[][] = []
  for (const change of changes) {
    const last = hunks.at(-1)?.at(-1)
    if (last !== undefined && change.from - last.to <= 2 * contextLines) hunks.at(-1)?.push(change)
    else hunks.push([change])
  }
  return hunks
}

function formatHunk(
  changes: readonly Change[],
  old: readonly string[],
  fresh: readonly string[],
  before: number,
): string {
  const [first, last] = [changes[0] as Change, changes.at(-1) as Change]
  const leading = Math.min(contextLines, first.from)
  const trailing = Math.min(contextLines, old.length - last.to)
  const [from, to] = [first.from - leading, last.to + trailing]
  const [otherFrom, otherTo] = [first.otherFrom - leading, last.otherTo + trailing]
  const lines: string[] = []
  let at = from
  for (const change of changes) {
    for (; at < change.from; at++) lines.push(formatLine(' ', old[at] as string))
    for (; at < change.to; at++) lines.push(formatLine('-', old[at] as string))
    for (const line of fresh.slice(change.otherFrom, change.otherTo)) lines.push(formatLine('+', line))
  }
  for (; at < to; at++) lines.push(formatLine(' ', old[at] as string))
  return `@@ -${formatRange(before + from, to - from)} +${formatRange(before + otherFrom, otherTo - otherFrom)} @@\n${lines.join('')}`
}

/** An empty range names the line before it; a range of one line has no count. */
function formatRange(linesBefore: number, count: number): string {
  if (count === 0) return `${linesBefore},0`
  return count === 1 ? `${linesBefore + 1}` : `${linesBefore + 1},${count}`
}

function formatLine(kind: ' ' | '-' | '+', line: string): string {
  return line.endsWith('\n') ? kind + line : `${kind}${line}\n\\ No newline at end of file\n`
}
