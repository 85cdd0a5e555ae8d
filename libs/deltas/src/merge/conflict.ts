import type { Json } from '@studio/contracts'
import type { PatchMeter } from '../json/patch-meter.ts'
import { isKnown, isLater, type Author, type View } from './authors.ts'

/** One side of a conflict: the operation, as its author wrote it on the version that it was made on. */
export interface Side {
  readonly by: Author
  readonly operation: Json
}

/** Two concurrent deltas that do different things to one place. `path`: JSON Pointer of the place (in `one`'s words); empty for text. */
export interface Conflict {
  readonly path: string
  readonly one: Side
  readonly other: Side
}

/** What stands or gives way as one: an operation of a JSON Patch, a hunk of a text delta. */
export interface Edit extends Side {
  /** Those that it cannot stand with, and the path to the place in this one's words. */
  readonly conflicts: Map<Edit, string>
}

/** Keeping a conflict costs as much as looking at so many values. */
const unitsPerConflict = 10

/** The edits that are in conflict, and what becomes of them: of two that clash, the later one stands. */
export class Contest {
  readonly #meter: PatchMeter
  readonly #edits = new Set<Edit>()
  #latest: { through: number; standing: ReadonlySet<Edit> } = { through: 0, standing: new Set() }

  constructor(meter: PatchMeter) {
    this.#meter = meter
  }

  /** Two edits clash, each at a path in its own words. */
  add(one: Edit, path: string, other: Edit, otherPath: string): void {
    if (one.conflicts.has(other)) return
    this.#meter.work(unitsPerConflict)
    one.conflicts.set(other, path)
    other.conflicts.set(one, otherPath)
    this.#edits.add(one).add(other)
  }

  conflictsOf(author: Author): Conflict[] {
    return [...this.#edits]
      .filter(({ by }) => by === author)
      .flatMap((one) => [...one.conflicts].map(([other, path]) => ({ path, one, other })))
  }

  /** Whether an edit is part of what a view sees. */
  stands(edit: Edit, view: View): boolean {
    if (!isKnown(view, edit.by)) return false
    return edit.conflicts.size === 0 || edit.by === view.self || this.#standingAt(view.through).has(edit)
  }

  // One edit gives way only to another that does stand: so the latest are asked first.
  #standingAt(through: number): ReadonlySet<Edit> {
    if (this.#latest.through === through) return this.#latest.standing
    const standing = new Set<Edit>()
    const latestFirst = [...this.#edits]
      .filter(({ by }) => by.version <= through)
      .sort(({ by: one }, { by: other }) => (isLater(one, other) ? -1 : isLater(other, one) ? 1 : 0))
    for (const edit of latestFirst) {
      this.#meter.work(1)
      if (![...edit.conflicts.keys()].some((other) => standing.has(other))) standing.add(edit)
    }
    this.#latest = { through, standing }
    return standing
  }
}
