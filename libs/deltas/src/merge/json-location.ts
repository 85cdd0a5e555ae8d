import type { Json } from '@studio/contracts'
import { areConcurrent, isLater, type View } from './authors.ts'
import type { Contest, Edit } from './conflict.ts'
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
export type Kind = 'write' | 'inside' | 'test' | 'beneath'

/** An operation of a JSON Patch. */
export interface JsonEdit extends Edit {
  /** Where a `move` has put what it took. */
  movedTo?: Location
}

export interface Touch {
  readonly edit: JsonEdit
  readonly kind: Kind
  /** For a write: what was written, null for nothing (a removal). For others: the value whose inside was touched. */
  readonly node: JsonNode | null
  /** The place in its author's words. */
  readonly path: string
  /** Counts an author's touches in their order. */
  readonly rank: number
}

/** A place that can hold a value: the document, a member, an item. */
export class Location {
  readonly base: JsonNode | null
  /** By their kinds, in the order of their versions. */
  readonly touches: Readonly<Record<Kind, Touch[]>> = { write: [], inside: [], test: [], beneath: [] }

  constructor(base: JsonNode | null) {
    this.base = base
  }

  touch(touch: Touch): void {
    const same = this.touches[touch.kind]
    // Of what one delta writes to one place, only the last counts.
    if (touch.kind === 'write' && same.at(-1)?.edit.by === touch.edit.by) same.pop()
    same.push(touch)
  }

  /** The value that a view finds here; null for none. */
  valueIn(view: View, contest: Contest): JsonNode | null {
    const writes = this.#standing(view, contest)
    const seen = writes.reduce((most, { edit }) => Math.max(most, edit.by.saw), 0)
    // Those left that nobody saw have written the same value, but maybe with its members in another order: so one of them is chosen.
    const last = writes
      .filter(({ edit }) => edit.by.version > seen)
      .reduce<Touch | undefined>((one, other) => (one && isLater(one.edit.by, other.edit.by) ? one : other), undefined)
    return last === undefined ? this.base : last.node
  }

  /**
   * The write by which the value came to be here that is here now, and has been since, whatever it was replaced with; null where that was so
   * from the start.
   */
  makerIn(view: View, contest: Contest): Touch | null {
    let maker: Touch | null | undefined = this.base === null ? undefined : null
    for (const write of this.#standing(view, contest)) {
      if (write.node === null) maker = undefined
      else if (
        maker === undefined ||
        (maker && areConcurrent(maker.edit.by, write.edit.by) && isLater(maker.edit.by, write.edit.by))
      )
        maker = write
    }
    return maker ?? null
  }

  #standing(view: View, contest: Contest): Touch[] {
    return this.touches.write.filter(({ edit }) => contest.stands(edit, view))
  }
}
