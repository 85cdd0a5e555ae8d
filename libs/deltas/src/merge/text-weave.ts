import type { TextOperation } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import type { PatchMeter } from '../json/patch-meter.ts'
import type { Author, View } from './authors.ts'
import { Contest, type Conflict, type Edit } from './conflict.ts'
import { insertRun, newRun, spansOf, type Place, type Run, type Span } from './sequence.ts'
import { Stretches, type Stretch } from './stretches.ts'

type TextRun = Run<string>
type TextSpan = Span<string>
type CodePoint = Place<string>

/** One edit of a delta: code points that are taken out in one stretch, and what is put in there. */
interface Hunk extends Edit {
  readonly deleted: readonly TextSpan[]
  readonly text: string
  readonly run: TextRun | null
  /** What its author saw on both sides of it. */
  readonly left: CodePoint | null
  readonly right: CodePoint | null
  /** Concurrent hunks that do the same. */
  readonly twins: Hunk[]
}

interface Piece extends TextSpan {
  readonly visible: boolean
}

/** A piece costs a fraction of looking at a JSON value. */
const piecesPerUnit = 2

/**
 * A text and all that deltas have done to it since one version, each in the words of the version that its author saw. What the text is in the
 * end is a function of which deltas there are, not of the order in which they came.
 */
export class TextWeave {
  readonly #root: TextRun
  readonly #meter: PatchMeter
  readonly #contest: Contest
  readonly #hunkOf = new Map<TextRun, Hunk>()
  /** What was taken out, and the code points behind which something was put in. */
  readonly #deletions = new Stretches<string, Hunk>()
  readonly #insertions = new Stretches<string, Hunk>()

  constructor(base: string, meter: PatchMeter) {
    this.#root = newRun(null, 0, [...base])
    this.#meter = meter
    this.#contest = new Contest(meter)
  }

  /**
   * Adds the deltas of a history in the order of their versions. Throws `patch_failed` where one reaches beyond its text, `patch_too_large`
   * where that takes too much work.
   */
  add(by: Author, operations: readonly TextOperation[]): void {
    const hunks = this.#hunksOf(by, operations)
    for (const hunk of hunks) this.#compare(hunk)
    // Only now, so that all hunks of a delta speak of the same text.
    for (const hunk of hunks) {
      for (const span of hunk.deleted) this.#deletions.add(span, hunk)
      if (hunk.text !== '' && hunk.left !== null) this.#insertions.add(spanAt(hunk.left), hunk)
    }
  }

  /** The conflicts of a delta with those that were added before it. */
  conflictsOf(author: Author): Conflict[] {
    return this.#contest.conflictsOf(author)
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
    for (const { retained, deleted, text } of changesOf(operations)) {
      cursor.skip(retained)
      const position = cursor.position
      const { left } = cursor
      const right = cursor.after(left)
      const spans = cursor.take(deleted)
      const run = text === '' ? null : newRun(by, hunks.length, [...text])
      const hunk: Hunk = {
        ...{ by, deleted: spans, text, run, left, right: cursor.nextVisible() },
        operation: { position, ...(deleted > 0 && { delete: deleted }), ...(text !== '' && { insert: text }) },
        conflicts: new Map(),
        twins: [],
      }
      hunks.push(hunk)
      if (run !== null) {
        const [first] = spans
        const instead = first === undefined ? null : { run: first.run, offset: first.from }
        this.#hunkOf.set(run, hunk)
        insertRun(this.#root, view, { left, right, instead }, run)
      }
    }
    return hunks
  }

  /** Finds the concurrent hunks that do the same as this one, or do not go together with it. */
  #compare(hunk: Hunk): void {
    const others = new Set<Hunk>()
    const meet = (stretches: Stretches<string, Hunk>, span: TextSpan): void => {
      for (const other of stretches.meeting(span, hunk.by, this.#meter)) others.add(other)
    }
    for (const span of hunk.deleted) {
      meet(this.#deletions, span)
      meet(this.#insertions, span)
    }
    if (hunk.left !== null) meet(this.#deletions, spanAt(hunk.left))
    for (const other of others) {
      if (areTwins(hunk, other)) {
        hunk.twins.push(other)
        other.twins.push(hunk)
      } else if (clash(hunk, other)) this.#contest.add(hunk, '', other, '')
    }
  }

  #pieces(view: View): Piece[] {
    const stands = (hunk: Hunk): boolean => this.#contest.stands(hunk, view)
    const gone = new Map<TextRun, Stretch[]>()
    const pieces: Piece[] = []
    for (const span of spansOf(this.#root, view)) {
      const hunk = this.#hunkOf.get(span.run)
      // Of twins the one that was there first is shown: what others did to it since must not be lost.
      const isShown =
        hunk === undefined ||
        (stands(hunk) && !hunk.twins.some((twin) => twin.by.version < hunk.by.version && stands(twin)))
      if (!isShown) {
        pieces.push({ ...span, visible: false })
        continue
      }
      if (!this.#deletions.has(span.run)) {
        pieces.push({ ...span, visible: true })
        continue
      }
      const ofRun = gone.get(span.run) ?? this.#deletions.of(span.run, stands).reverse()
      gone.set(span.run, ofRun)
      cut(span, ofRun, pieces)
    }
    this.#meter.work(pieces.length / piecesPerUnit)
    return pieces
  }
}

/** Cuts a span where deletions begin and end; `gone` has those of its run from the last to the first, and loses those that the span is behind. */
function cut(span: TextSpan, gone: Stretch[], pieces: Piece[]): void {
  let from = span.from
  const piece = (to: number, visible: boolean): void => {
    if (to > from) pieces.push({ run: span.run, from, to, visible })
    from = Math.max(from, to)
  }
  for (let next = gone.at(-1); next !== undefined && next.from < span.to; next = gone.at(-1)) {
    piece(Math.max(from, next.from), true)
    piece(Math.min(span.to, next.to), false)
    if (next.to > span.to) break
    gone.pop()
  }
  piece(span.to, true)
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

interface Change {
  readonly retained: number
  readonly deleted: number
  readonly text: string
}

/** The changes of a delta: what it does between two stretches that it keeps. */
function changesOf(operations: readonly TextOperation[]): Change[] {
  const changes: Change[] = []
  let change = { retained: 0, deleted: 0, text: '' }
  const end = (): void => {
    if (change.deleted > 0 || change.text !== '') changes.push(change)
  }
  for (const operation of operations) {
    if ('insert' in operation) change.text += operation.insert
    else if ('delete' in operation) change.deleted += operation.delete
    else if (change.deleted > 0 || change.text !== '') {
      end()
      change = { retained: operation.retain, deleted: 0, text: '' }
    } else change.retained += operation.retain
  }
  end()
  return changes
}

function spanAt({ run, offset }: CodePoint): TextSpan {
  return { run, from: offset, to: offset + 1 }
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
