import { diffVersions } from '@studio/deltas'
import { isStudioError } from '@studio/kernel'
import { fenced, plural } from './markdown.ts'

/**
 * The difference of two texts as markdown: how many lines were added and removed, then a unified diff. Of texts with over 25,000 lines between
 * the first and the last difference the lines are only counted.
 */
export function compareTexts(before: string, after: string): string {
  if (before === after) return '# Difference\n\nThe two texts are equal.\n'
  const diff = unifiedDiff(before, after)
  if (diff === null) return `# Difference\n\n${tooMuch(before, after)}\n`
  const summary = `${plural(countLines(diff, '+'), 'line')} added, ${plural(countLines(diff, '-'), 'line')} removed.`
  return `# Difference\n\n${summary}\n\n${fenced('diff', diff)}\n`
}

/** Null where the texts differ in too many lines. */
function unifiedDiff(before: string, after: string): string | null {
  const [from, to] = [Buffer.from(before), Buffer.from(after)]
  try {
    return diffVersions('unified', 'text/plain', from, to, { from: 'before', to: 'after' }).diff as string
  } catch (error) {
    if (!isStudioError(error, 'diff_not_expressible')) throw error
    return null
  }
}

/** Lines of the hunks that begin so; the two lines with the names, which begin so too, stand before the first hunk. */
function countLines(diff: string, sign: '+' | '-'): number {
  return diff.slice(diff.indexOf('\n@@ ')).split(`\n${sign}`).length - 1
}

function tooMuch(before: string, after: string): string {
  const [lines, others] = [before.split('\n'), after.split('\n')]
  const first = lines.findIndex((line, at) => line !== others[at])
  const place = first === -1 ? lines.length + 1 : first + 1
  return `The texts differ in too many lines to be shown: ${plural(lines.length, 'line')} became ${plural(others.length, 'line')}, from line ${place} on.`
}
