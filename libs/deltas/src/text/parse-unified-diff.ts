import { StudioError } from '@studio/kernel'

/** One line of a hunk; `text` with its line end, which only the last line of a file may lack. */
export interface HunkLine {
  readonly kind: ' ' | '-' | '+'
  readonly text: string
}

/** A hunk: where it starts in the old text, as its header says it, and its lines. */
export interface Hunk {
  /** `@@ … @@`, for messages. */
  readonly header: string
  /** The old lines before the hunk. */
  readonly linesBefore: number
  readonly lines: readonly HunkLine[]
}

const headerForm = /^@@ -(\d{1,9})(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@/
/** What tools write between the start of a diff and its first hunk. */
const preambleForm = /^(?:diff |index |Index: |={3,}|old mode |new mode )/

/**
 * The hunks of a unified diff of one file, as GNU diff and git write it; `---` and `+++` may be missing. Unlike jsdiff's and GNU patch's
 * readers it skips nothing: a line that it does not know may be a damaged hunk, whose change would be lost. Throws `malformed_patch` with
 * the line (from 1) at fault.
 */
export function parseUnifiedDiff(diff: string): Hunk[] {
  const lines = diff.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const fault = (at: number, detail: string): StudioError =>
    new StudioError('malformed_patch', `Line ${at + 1} of the diff: ${detail}`, { extensions: { line: at + 1 } })

  let at = 0
  while (preambleForm.test(lines[at] ?? '')) at++
  if (lines[at]?.startsWith('--- ')) {
    if (!lines[at + 1]?.startsWith('+++ ')) throw fault(at + 1, 'a line "+++" must follow "---".')
    at += 2
  }
  const hunks: Hunk[] = []
  while (at < lines.length) {
    const header = lines[at] as string
    const match = headerForm.exec(header)
    if (match === null) {
      const more = hunks.length > 0 && (header.startsWith('--- ') || preambleForm.test(header))
      throw fault(at, more ? 'a diff of one file is expected.' : 'this is no part of a unified diff.')
    }
    const [, start, oldCount = '1', newCount = '1'] = match
    const headerAt = at++
    let [oldLeft, newLeft] = [Number(oldCount), Number(newCount)]
    // An empty old side names the line before it, any other its first line.
    const linesBefore = oldLeft === 0 ? Number(start) : Number(start) - 1
    if (linesBefore < 0) throw fault(headerAt, 'lines are counted from 1.')
    const body: HunkLine[] = []
    while (oldLeft > 0 || newLeft > 0) {
      const line = lines[at]
      if (line === undefined) throw fault(headerAt, 'the hunk has fewer lines than it says.')
      // GNU diff can leave out the space of an empty context line.
      const kind = line === '' ? ' ' : line[0]
      if (kind !== ' ' && kind !== '-' && kind !== '+') throw fault(at, 'a line of a hunk starts with " ", "-" or "+".')
      if (kind !== '+' && oldLeft-- === 0) throw fault(at, 'the hunk has more old lines than it says.')
      if (kind !== '-' && newLeft-- === 0) throw fault(at, 'the hunk has more new lines than it says.')
      const unended = lines[at + 1]?.startsWith('\\ ') === true
      body.push({ kind, text: unended ? line.slice(1) : `${line.slice(1)}\n` })
      at += unended ? 2 : 1
    }
    hunks.push({ header: match[0], linesBefore, lines: body })
  }
  if (hunks.length === 0) throw new StudioError('malformed_patch', 'The diff has no hunk ("@@ -1 +1 @@").')
  return hunks
}
