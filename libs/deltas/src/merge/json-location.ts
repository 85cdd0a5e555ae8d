import type { Json } from '@studio/contracts'
import { areConcurrent, isKnown, isLater, type Author, type View } from './authors.ts'
import type { Run } from './sequence.ts'

/** A JSON value as it was written once. Its inside is taken apart only when a delta goes into it. */
export interface JsonNode {
  readonly value: Json
  members?: Map<string, Location>
  items?: Items
}

/** An array taken apart: its items in their order, and the places of those that deltas have touched. */
export interface Items {
  readonly root: Run<Json>
  readonly places: Map<Run<Json>, Map<number, Location>>
}

/** What a delta does at a place: it writes it, changes something `inside` of it, tests it, or tests something `beneath` it. */
type Kind = 'write' | 'inside' | 'test' | 'beneath'

export interface Touch {
  readonly by: Author
  readonly kind: Kind
  /** For a write: what was written, null for nothing (a removal). For others: the value whose inside was touched. */
  readonly node: JsonNode | null
  /** The place in its author's words, and the operation that touched it. */
  readonly path: string
  readonly operation: Json
  /** Counts an author's touches in their order. */
  readonly rank: number
}

/** A place that can hold a value: the document, a member, an item. */
export class Location {
  readonly base: JsonNode | null
  readonly touches: Touch[] = []

  constructor(base: JsonNode | null) {
    this.base = base
  }

  touch(touch: Touch): void {
    // Of what one delta writes to one place, only the last counts.
    if (touch.kind === 'write') {
      const before = this.touches.findIndex(({ by, kind }) => by === touch.by && kind === 'write')
      if (before !== -1) this.touches.splice(before, 1)
    }
    this.touches.push(touch)
  }

  /** The value that a view finds here; null for none. */
  valueIn(view: View): JsonNode | null {
    const last = this.#standing(view).at(-1)
    return last === undefined ? this.base : last.node
  }

  /**
   * The write by which the value came to be here that is here now, and has been since, whatever it was replaced with; null where that was so
   * from the start.
   */
  makerIn(view: View): Touch | null {
    let maker: Touch | null | undefined = this.base === null ? undefined : null
    for (const write of this.#standing(view)) {
      if (write.node === null) maker = undefined
      else if (maker === undefined || (maker && areConcurrent(maker.by, write.by) && isLater(maker.by, write.by)))
        maker = write
    }
    return maker ?? null
  }

  /** Writes that count, in the order of their versions: of concurrent touches that don't go together the latest wins. */
  #standing(view: View): Touch[] {
    const known = this.touches.filter(({ by }) => isKnown(view, by))
    return known.filter(
      (write) =>
        write.kind === 'write' &&
        !known.some(
          (other) =>
            (other.kind === 'write' || (other.kind === 'inside' && other.node !== write.node)) &&
            areConcurrent(other.by, write.by) &&
            isLater(other.by, write.by),
        ),
    )
  }
}
