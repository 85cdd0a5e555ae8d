import type { Json } from '@studio/contracts'
import { canonicalJson, StudioError } from '@studio/kernel'
import { isObject, setOwnMember, type JsonObject } from '../json/json-value.ts'
import { formatPointer, parseIndex } from '../json/json-pointer.ts'
import type { PatchOperation } from '../json/parse-json-patch.ts'
import type { PatchMeter } from '../json/patch-meter.ts'
import { areConcurrent, isLater, type Author, type View } from './authors.ts'
import { Contest, type Conflict } from './conflict.ts'
import { Location, type Items, type JsonEdit, type JsonNode, type Kind, type Touch } from './json-location.ts'
import { insertRun, newRun, spansOf, type Place } from './sequence.ts'

/** What does not go together at one place, if it was done by concurrent deltas. */
const clashing: Readonly<Record<Kind, readonly Kind[]>> = {
  write: ['write', 'inside', 'test', 'beneath'],
  inside: ['write', 'test'],
  test: ['write', 'inside'],
  beneath: ['write'],
}
const kinds = Object.keys(clashing) as Kind[]

/** Telling whether two deltas are concurrent costs a fraction of looking at a value. */
const unitsPerPair = 1 / 16

/**
 * A JSON document and all that deltas have done to it since one version, each in the words of the version that its author saw. Places
 * keep their identity, so that an index means the item that its author meant. What the document is in the end is a function of which
 * deltas there are, not of the order in which they came.
 */
export class JsonWeave {
  readonly #root: Location
  readonly #meter: PatchMeter
  readonly #contest: Contest
  #rank = 0

  constructor(base: Json, meter: PatchMeter) {
    this.#root = new Location({ value: base })
    this.#meter = meter
    this.#contest = new Contest(meter)
  }

  /**
   * Adds the deltas of a history in the order of their versions; each has to fit the version that its author saw. Throws `patch_too_large`
   * where that takes too much work.
   */
  add(by: Author, operations: readonly PatchOperation[]): void {
    const view: View = { through: by.saw, self: by }
    const touched = new Set<Location>()
    for (const operation of operations) this.#apply(view, by, operation, touched)
    for (const location of touched) this.#compare(location, by)
  }

  /** The conflicts of a delta with those that came before it, one for each pair of operations. */
  conflictsOf(author: Author): Conflict[] {
    return this.#contest.conflictsOf(author)
  }

  /** The document as a view has it. */
  read(view: View): Json {
    const node = this.#valueIn(this.#root, view)
    if (node === null) throw new TypeError('a document always has a value')
    return this.#valueOf(node, view)
  }

  #apply(view: View, by: Author, operation: PatchOperation, touched: Set<Location>): void {
    const edit: JsonEdit = { by, operation: toldOf(operation), conflicts: new Map() }
    const touch = (location: Location, kind: Kind, node: JsonNode | null, path: readonly string[]): void => {
      location.touch({ edit, kind, node, path: formatPointer(path), rank: (this.#rank += 1) })
      touched.add(location)
    }
    const goTo = (
      path: readonly string[],
      kind: 'inside' | 'beneath' | null,
    ): { location: Location; node: JsonNode | null } => {
      let location = this.#root
      for (const [level, token] of path.entries()) {
        const node = this.#valueIn(location, view)
        if (node === null) throw notThere(path)
        if (kind !== null) touch(location, kind, node, path.slice(0, level))
        location = this.#child(node, token, view, path)
      }
      return { location, node: this.#valueIn(location, view) }
    }
    const write = (path: readonly string[], value: Json | undefined, inserts: boolean): Location => {
      const node = value === undefined ? null : { value }
      const name = path.at(-1)
      if (name === undefined) {
        // Where the whole was taken out, null is left.
        touch(this.#root, 'write', node ?? { value: null }, path)
        return this.#root
      }
      const { location: holder, node: parent } = goTo(path.slice(0, -1), 'inside')
      if (parent === null) throw notThere(path)
      touch(holder, 'inside', parent, path.slice(0, -1))
      const location =
        inserts && Array.isArray(parent.value)
          ? this.#insert(parent, name, view, by, path)
          : this.#child(parent, name, view, path)
      touch(location, 'write', node, path)
      return location
    }
    const read = (path: readonly string[]): Json => {
      const { node } = goTo(path, null)
      if (node === null) throw notThere(path)
      return this.#valueOf(node, view)
    }
    const { path } = operation
    switch (operation.op) {
      case 'add':
        write(path, operation.value, true)
        return
      case 'replace':
        write(path, operation.value, false)
        return
      case 'remove':
        write(path, undefined, false)
        return
      case 'copy':
        write(path, read(operation.from), true)
        return
      case 'move': {
        const value = read(operation.from)
        if (operation.from.length === 0) return
        write(operation.from, undefined, false)
        edit.movedTo = write(path, value, true)
        return
      }
      case 'test': {
        const { location, node } = goTo(path, 'beneath')
        return touch(location, 'test', node, path)
      }
    }
  }

  #child(node: JsonNode, token: string, view: View, path: readonly string[]): Location {
    if (Array.isArray(node.value)) {
      const items = itemsOf(node)
      const index = parseIndex(token)
      const { place } = index === undefined ? { place: null } : this.#locate(items, index, view)
      if (place === null) throw notThere(path)
      return locationAt(items, place)
    }
    if (!isObject(node.value)) throw notThere(path)
    const members = membersOf(node, node.value)
    const known = members.get(token)
    if (known) return known
    const location = new Location(null)
    members.set(token, location)
    return location
  }

  #insert(node: JsonNode, token: string, view: View, by: Author, path: readonly string[]): Location {
    const items = itemsOf(node)
    const index = token === '-' ? Infinity : parseIndex(token)
    if (index === undefined) throw notThere(path)
    const { left, right } = this.#locate(items, index, view)
    // The run holds no value of its own: what is there is what is written to its place.
    const run = newRun<Json>(by, (this.#rank += 1), [null])
    const location = new Location(null)
    items.places.set(run, new Map([[0, location]]))
    insertRun(items.root, view, { left, right, instead: null }, run)
    return location
  }

  /** The item that stands at an index of a view, the visible one before it, and the next known one after that. */
  #locate(
    items: Items,
    index: number,
    view: View,
  ): { place: Place<Json> | null; left: Place<Json> | null; right: Place<Json> | null } {
    let count = 0
    let left: Place<Json> | null = null
    let right: Place<Json> | null = null
    const spans = spansOf(items.root, view)
    this.#meter.work(spans.length)
    for (const { run, from, to } of spans) {
      const places = items.places.get(run)
      this.#meter.work(places ? to - from : 1)
      // A stretch that nobody has touched is counted as one.
      if (places === undefined && run.by === null && count + to - from < index) {
        count += to - from
        left = { run, offset: to - 1 }
        right = null
        continue
      }
      for (let offset = from; offset < to; offset += 1) {
        const place = { run, offset }
        right ??= place
        const location = places?.get(offset)
        if (location && this.#valueIn(location, view) === null) continue
        if (count === index) return { place, left, right }
        count += 1
        left = place
        right = null
      }
    }
    return { place: null, left, right }
  }

  /** Finds what a delta has done at a place that does not go together with what others did there. */
  #compare({ touches }: Location, author: Author): void {
    for (const kind of kinds) {
      for (const mine of lastOf(touches[kind], author)) {
        for (const other of clashing[kind].flatMap((against) => touches[against])) {
          this.#meter.work(unitsPerPair)
          if (!areConcurrent(author, other.edit.by) || this.#isSame(mine, other)) continue
          this.#contest.add(mine.edit, mine.path, other.edit, other.path)
        }
      }
    }
  }

  /** Whether two write the same. Of two moves only those to one place are: else what was moved would be there twice. */
  #isSame(one: Touch, other: Touch): boolean {
    if (one.kind !== 'write' || other.kind !== 'write') return false
    if (one.node === null || other.node === null)
      return one.node === other.node && one.edit.movedTo === other.edit.movedTo
    const [first, second] = [one, other].map(({ node, edit }) =>
      // What somebody has just written, nobody else has touched.
      canonicalJson(this.#valueOf(node as JsonNode, { through: 0, self: edit.by })),
    )
    return first === second
  }

  #valueIn(location: Location, view: View): JsonNode | null {
    return location.valueIn(view, this.#contest)
  }

  #valueOf(node: JsonNode, view: View): Json {
    this.#meter.work(1)
    if (node.members) return this.#objectOf(node.value as JsonObject, node.members, view)
    if (node.items) return this.#arrayOf(node.items, view)
    return node.value
  }

  #objectOf(base: JsonObject, members: ReadonlyMap<string, Location>, view: View): JsonObject {
    const object: JsonObject = {}
    const added: { name: string; maker: Touch; node: JsonNode }[] = []
    for (const [name, value] of Object.entries(base)) {
      const location = members.get(name)
      if (location === undefined) setOwnMember(object, name, value)
      else if (location.makerIn(view, this.#contest) === null) {
        const node = this.#valueIn(location, view)
        if (node !== null) setOwnMember(object, name, this.#valueOf(node, view))
      }
    }
    for (const [name, location] of members) {
      const node = this.#valueIn(location, view)
      const maker = location.makerIn(view, this.#contest)
      if (node !== null && maker !== null) added.push({ name, maker, node })
    }
    added.sort(({ maker: one }, { maker: other }) =>
      one.edit.by === other.edit.by ? one.rank - other.rank : isLater(other.edit.by, one.edit.by) ? -1 : 1,
    )
    for (const { name, node } of added) setOwnMember(object, name, this.#valueOf(node, view))
    return object
  }

  #arrayOf(items: Items, view: View): Json[] {
    const array: Json[] = []
    for (const { run, from, to } of spansOf(items.root, view)) {
      const places = items.places.get(run)
      this.#meter.work(to - from)
      for (let offset = from; offset < to; offset += 1) {
        const location = places?.get(offset)
        const node = location && this.#valueIn(location, view)
        if (location === undefined) array.push(run.items[offset] as Json)
        else if (node) array.push(this.#valueOf(node, view))
      }
    }
    return array
  }
}

/** An author's touches of one kind at a place: the last ones, as versions come in their order. */
function lastOf(touches: readonly Touch[], author: Author): readonly Touch[] {
  return touches.slice(touches.findLastIndex(({ edit }) => edit.by !== author) + 1)
}

function membersOf(node: JsonNode, value: JsonObject): Map<string, Location> {
  node.members ??= new Map(Object.entries(value).map(([name, member]) => [name, new Location({ value: member })]))
  return node.members
}

function itemsOf(node: JsonNode): Items {
  node.items ??= { root: newRun(null, 0, node.value as Json[]), places: new Map() }
  return node.items
}

function locationAt({ places }: Items, { run, offset }: Place<Json>): Location {
  const ofRun = places.get(run) ?? new Map<number, Location>()
  places.set(run, ofRun)
  const known = ofRun.get(offset)
  if (known) return known
  const location = new Location({ value: run.items[offset] as Json })
  ofRun.set(offset, location)
  return location
}

function toldOf(operation: PatchOperation): Json {
  const { op, pointer: path } = operation
  if (op === 'move' || op === 'copy') return { op, from: formatPointer(operation.from), path }
  return 'value' in operation ? { op, path, value: operation.value } : { op, path }
}

function notThere(path: readonly string[]): StudioError {
  return new StudioError(
    'patch_failed',
    `There is no place ${formatPointer(path)} in the version that the change was made on.`,
  )
}
