import { StudioError } from '@studio/kernel'
import type { TextOperation } from '@studio/contracts'
import { assertUtf8 } from './apply-text.ts'
import { codePointLength, countCodePoints } from './code-points.ts'
import { parseUnifiedDiff, type Hunk, type HunkLine } from './parse-unified-diff.ts'
import { normaliseTextOperations } from './text-operations.ts'

/**
 * The text delta that a unified diff of one file means on this base. Each hunk must fit the base exactly, at the line that it names.
 *
 * Throws `malformed_patch` for what is no such diff, `patch_failed` where a hunk does not fit (with `hunk`, from 1, and `line`, the line of
 * the base), `patch_not_applicable` where the base is not UTF-8.
 */
export function textOperationsOf(unifiedDiff: string, base: Uint8Array): TextOperation[] {
  assertUtf8(base)
  if (!unifiedDiff.isWellFormed()) throw new StudioError('malformed_patch', 'The diff holds half of a surrogate pair.')
  const text = Buffer.from(base.buffer, base.byteOffset, base.byteLength)
  const steps: TextOperation[] = []
  let at = 0
  let line = 0
  for (const [index, hunk] of parseUnifiedDiff(unifiedDiff).entries()) {
    if (hunk.linesBefore < line)
      throw new StudioError('malformed_patch', `Hunk ${index + 1} (${hunk.header}) overlaps the one before it.`)
    const start = skipLines(text, at, hunk.linesBefore - line)
    if (start === undefined) throw doesNotFit(index, hunk, hunk.linesBefore, 'the text ends before.')
    steps.push({ retain: countCodePoints(text, at, start) })
    const old = hunk.lines.filter(({ kind }) => kind !== '+')
    at = passOldLines(text, start, old, (offset) => {
      throw doesNotFit(index, hunk, hunk.linesBefore + offset, 'the text has another line there.')
    })
    line = hunk.linesBefore + old.length
    if (!endsWell(hunk.lines, at === text.length))
      throw doesNotFit(index, hunk, line, 'only the last line may have no line end.')
    for (const { kind, text: changed } of hunk.lines) {
      if (kind === '+') steps.push({ insert: changed })
      else if (kind === '-') steps.push({ delete: codePointLength(changed) })
      else steps.push({ retain: codePointLength(changed) })
    }
  }
  return normaliseTextOperations(steps)
}

/** The byte behind so many lines; undefined where there are fewer. */
function skipLines(text: Buffer, from: number, count: number): number | undefined {
  let at = from
  // Not indexOf line by line: its call costs more than the few bytes of a short line.
  for (let left = count; left > 0; at++) {
    if (at === text.length) return undefined
    if (text[at] === 0x0a) left--
  }
  return at
}

function passOldLines(
  text: Buffer,
  from: number,
  old: readonly HunkLine[],
  differs: (offset: number) => never,
): number {
  let at = from
  for (const [offset, line] of old.entries()) {
    const bytes = Buffer.from(line.text, 'utf8')
    const end = at + bytes.length
    if (!text.subarray(at, end).equals(bytes)) differs(offset)
    at = end
  }
  return at
}

/** Whether lines without a line end stand only where the old and the new text end. */
function endsWell(lines: readonly HunkLine[], atEnd: boolean): boolean {
  for (const side of ['-', '+']) {
    const texts = lines.filter(({ kind }) => kind === ' ' || kind === side).map(({ text }) => text)
    const last = texts.pop()
    if (texts.some((text) => !text.endsWith('\n'))) return false
    if (!atEnd && last !== undefined && !last.endsWith('\n')) return false
  }
  return true
}

function doesNotFit(index: number, hunk: Hunk, linesBefore: number, detail: string): StudioError {
  const [number, line] = [index + 1, linesBefore + 1]
  return new StudioError('patch_failed', `Hunk ${number} (${hunk.header}) does not fit at line ${line}: ${detail}`, {
    extensions: { hunk: number, line },
  })
}
