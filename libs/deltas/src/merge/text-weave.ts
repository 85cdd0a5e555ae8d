import type { TextOperation } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { areConcurrent, isLater, type Author, type View } from './authors.ts'
import type { Conflict, Side } from './conflict.ts'
import { insertRun, newRun, spansOf, type Place, type Run, type Span } from './sequence.ts'

type TextRun = Run<string>
type TextSpan = Span<string>
type CodePoint = Place<string>

/** One edit of a delta: code points that are taken out in one stretch, and what is put in there. */
interface Hunk {
  readonly by: Author
  /** Code points before it in its author's text. */
  readonly position: number
  readonly deleted: readonly TextSpan[]
  readonly text: string
  readonly run: TextRun | null
  /** What its author saw on both sides of it. */
  readonly left: CodePoint | null
  readonly right: CodePoint | null
  readonly conflicts: Hunk[]
  /** Concurrent hunks that do the same. */
  readonly twins: Hunk[]
}

interface Piece extends TextSpan {
  readonly visible: boolean
}

/**
 * A text and all that deltas have done to it since one version, each in the words of the version that its author saw. What the text is in the
 * end is a function of which deltas there are, not of the order in which they came.
 */
export class TextWeave {
  readonly #root: TextRun
  readonly #hunks: Hunk[] = []
  readonly #hunkOf = new Map<TextRun, Hunk>()
  readonly #deletions = new Map<TextRun, { from: number; to: number; hunk: Hunk }[]>()
  readonly #standing = new Map<number, Set<Hunk>>()

  constructor(base: string) {
    this.#root = newRun(null, 0, [...base])
  }

  /** Adds the deltas of a history in the order of their versions. Throws `patch_failed` where one reaches beyond its text. */
  add(by: Author, operations: readonly TextOperation[]): void {
    for (const hunk of this.#hunksOf(by, operations)) {
      for (const other of this.#hunks) {
        if (!areConcurrent(hunk.by, other.by)) continue
        if (areTwins(hunk, other)) pair('twins', hunk, other)
        else if (clash(hunk, other)) pair('conflicts', hunk, other)
      }
      this.#hunks.push(hunk)
    }
  }

  /** The conflicts of a delta with those that were added before it. */
  conflictsOf(author: Author): Conflict[] {
    return this.#hunks
      .filter(({ by }) => by === author)
      .flatMap((hunk) => hunk.conflicts.map((other) => ({ path: '', one: sideOf(hunk), other: sideOf(other) })))
  }

  /** The text as it is with the versions of a view. */
  read(view: View): string {
    const parts: string[] = []
    for (const { run, from, to, visible } of this.#pieces(view)) {
      if (!visible) continue
      for (let offset = from; offset < to; offset += 1) parts.push(run.items[offset] as string)
    }
    return parts.join('')
  }

  #hunksOf(by: Author, operations: readonly TextOperation[]): Hunk[] {
    const view: View = { through: by.saw }
    const cursor = new Cursor(this.#pieces(view))
    const hunks: Hunk[] = []
    for (const { retained, deleted, text } of editsOf(operations)) {
      cursor.skip(retained)
      const position = cursor.position
      const { left } = cursor
      const right = cursor.after(left)
      const spans = cursor.take(deleted)
      const run = text === '' ? null : newRun(by, hunks.length, [...text])
      hunks.push({
        ...{ by, position, deleted: spans, text, run, left },
        right: cursor.nextVisible(),
        conflicts: [],
        twins: [],
      })
      const hunk = hunks.at(-1) as Hunk
      if (run !== null) {
        const [first] = spans
        const instead = first === undefined ? null : { run: first.run, offset: first.from }
        this.#hunkOf.set(run, hunk)
        insertRun(this.#root, view, { left, right, instead }, run)
      }
    }
    // Only now, so that all hunks of a delta speak of the same text.
    for (const hunk of hunks) {
      for (const { run, from, to } of hunk.deleted) {
        const deletions = this.#deletions.get(run) ?? []
        this.#deletions.set(run, deletions)
        deletions.push({ from, to, hunk })
      }
    }
    return hunks
  }

  /** Hunks that are part of the text: of two in conflict only the later one. */
  #standingAt({ through }: View): Set<Hunk> {
    const known = this.#standing.get(through)
    if (known) return known
    const standing = new Set<Hunk>()
    const latestFirst = this.#hunks
      .filter((hunk) => hunk.by.version <= through)
      .sort((one, other) => (isLater(one.by, other.by) ? -1 : isLater(other.by, one.by) ? 1 : 0))
    for (const hunk of latestFirst) if (!hunk.conflicts.some((other) => standing.has(other))) standing.add(hunk)
    this.#standing.set(through, standing)
    return standing
  }

  #pieces(view: View): Piece[] {
    const standing = this.#standingAt(view)
    return spansOf(this.#root, view).flatMap((span) => {
      const hunk = this.#hunkOf.get(span.run)
      // Of twins the one that was there first is shown: what others did to it since must not be lost.
      const isShown =
        hunk === undefined ||
        (standing.has(hunk) && !hunk.twins.some((twin) => twin.by.version < hunk.by.version && standing.has(twin)))
      if (!isShown) return [{ ...span, visible: false }]
      const deletions = (this.#deletions.get(span.run) ?? []).filter((deletion) => standing.has(deletion.hunk))
      return cut(span, deletions)
    })
  }
}

/** Cuts a span where deletions begin and end. */
function cut(span: TextSpan, deletions: readonly { from: number; to: number }[]): Piece[] {
  const pieces: Piece[] = []
  let from = span.from
  const piece = (to: number, visible: boolean): void => {
    if (to > from) pieces.push({ run: span.run, from, to, visible })
    from = Math.max(from, to)
  }
  for (const deletion of deletions.toSorted((one, other) => one.from - other.from)) {
    if (deletion.to <= from || deletion.from >= span.to) continue
    piece(Math.max(from, deletion.from), true)
    piece(Math.min(span.to, deletion.to), false)
  }
  piece(span.to, true)
  return pieces
}

/** Walks over the visible code points of a text. */
class Cursor {
  readonly #pieces: readonly Piece[]
  #index = 0
  #offset = 0
  #last: { place: CodePoint; index: number } | null = null
  position = 0

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces
  }

  /** The visible code point before this place. */
  get left(): CodePoint | null {
    return this.#last?.place ?? null
  }

  /** The next code point after another one, visible or not. */
  after(left: CodePoint | null): CodePoint | null {
    if (left === null || this.#last === null) return startOf(this.#pieces[0])
    const piece = this.#pieces[this.#last.index] as Piece
    return left.offset + 1 < piece.to
      ? { run: left.run, offset: left.offset + 1 }
      : startOf(this.#pieces[this.#last.index + 1])
  }

  nextVisible(): CodePoint | null {
    for (let index = this.#index; index < this.#pieces.length; index += 1) {
      const piece = this.#pieces[index] as Piece
      const offset = index === this.#index ? piece.from + this.#offset : piece.from
      if (piece.visible && offset < piece.to) return { run: piece.run, offset }
    }
    return null
  }

  skip(count: number): void {
    this.#walk(count, () => undefined)
  }

  /** Goes over code points and answers where they lie. */
  take(count: number): TextSpan[] {
    const spans: TextSpan[] = []
    this.#walk(count, (span) => {
      const last = spans.at(-1)
      if (last?.run === span.run && last.to === span.from) spans[spans.length - 1] = { ...last, to: span.to }
      else spans.push(span)
    })
    return spans
  }

  #walk(count: number, visit: (span: TextSpan) => void): void {
    let left = count
    while (left > 0) {
      const piece = this.#pieces[this.#index]
      if (piece === undefined)
        throw new StudioError(
          'patch_failed',
          `The text has ${this.position} code points; the delta goes on beyond them.`,
        )
      const from = piece.from + this.#offset
      const length = piece.visible ? Math.min(left, piece.to - from) : 0
      if (length > 0) {
        visit({ run: piece.run, from, to: from + length })
        this.#last = { place: { run: piece.run, offset: from + length - 1 }, index: this.#index }
        this.#offset += length
        this.position += length
        left -= length
      }
      if (left > 0) {
        this.#index += 1
        this.#offset = 0
      }
    }
  }
}

function startOf(piece: Piece | undefined): CodePoint | null {
  return piece === undefined ? null : { run: piece.run, offset: piece.from }
}

interface Edit {
  readonly retained: number
  readonly deleted: number
  readonly text: string
}

/** The edits of a delta: what it does between two stretches that it keeps. */
function editsOf(operations: readonly TextOperation[]): Edit[] {
  const edits: Edit[] = []
  let edit = { retained: 0, deleted: 0, text: '' }
  const end = (): void => {
    if (edit.deleted > 0 || edit.text !== '') edits.push(edit)
  }
  for (const operation of operations) {
    if ('insert' in operation) edit.text += operation.insert
    else if ('delete' in operation) edit.deleted += operation.delete
    else if (edit.deleted > 0 || edit.text !== '') {
      end()
      edit = { retained: operation.retain, deleted: 0, text: '' }
    } else edit.retained += operation.retain
  }
  end()
  return edits
}

function pair(kind: 'conflicts' | 'twins', one: Hunk, other: Hunk): void {
  one[kind].push(other)
  other[kind].push(one)
}

/** Both take out the same and put in the same. Two who only put in the same text each mean their own. */
function areTwins(one: Hunk, other: Hunk): boolean {
  if (one.text !== other.text || one.deleted.length === 0 || one.deleted.length !== other.deleted.length) return false
  return one.deleted.every(({ run, from, to }, at) => {
    const same = other.deleted[at]
    return same !== undefined && run === same.run && from === same.from && to === same.to
  })
}

/** Whether two concurrent hunks cannot both stand: one puts something in where the other takes out. */
function clash(one: Hunk, other: Hunk): boolean {
  if (one.text === '' && other.text === '') return false
  return overlap(one, other) || isInside(one, other) || isInside(other, one)
}

function overlap(one: Hunk, other: Hunk): boolean {
  return one.deleted.some((span) =>
    other.deleted.some(({ run, from, to }) => run === span.run && from < span.to && span.from < to),
  )
}

/** Whether what was put in has lost what stood on both of its sides. */
function isInside(inserted: Hunk, deleting: Hunk): boolean {
  if (inserted.text === '') return false
  const takes = (place: CodePoint | null): boolean =>
    place !== null &&
    deleting.deleted.some(({ run, from, to }) => run === place.run && from <= place.offset && place.offset < to)
  return takes(inserted.left) && takes(inserted.right)
}

function sideOf({ by, position, deleted, text }: Hunk): Side {
  const count = deleted.reduce((sum, { from, to }) => sum + to - from, 0)
  return { by, operation: { position, ...(count > 0 && { delete: count }), ...(text !== '' && { insert: text }) } }
}
