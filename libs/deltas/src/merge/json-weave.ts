import type { Json } from '@studio/contracts'
import { canonicalJson, StudioError } from '@studio/kernel'
import { isObject, setOwnMember, type JsonObject } from '../json/json-value.ts'
import { formatPointer, parseIndex } from '../json/json-pointer.ts'
import type { PatchOperation } from '../json/parse-json-patch.ts'
import type { PatchMeter } from '../json/patch-meter.ts'
import { areConcurrent, type Author, type View } from './authors.ts'
import type { Conflict } from './conflict.ts'
import { Location, type Items, type JsonNode, type Touch } from './json-location.ts'
import { insertRun, newRun, spansOf, type Place } from './sequence.ts'

/**
 * A JSON document and all that deltas have done to it since one version, each in the words of the version that its author saw. Places
 * keep their identity, so that an index means the item that its author meant. What the document is in the end is a function of which
 * deltas there are, not of the order in which they came.
 */
export class JsonWeave {
  readonly #root: Location
  readonly #meter: PatchMeter
  readonly #touched = new Map<Author, Set<Location>>()
  #rank = 0

  constructor(base: Json, meter: PatchMeter) {
    this.#root = new Location({ value: base })
    this.#meter = meter
  }

  /** Adds the deltas of a history in the order of their versions; each has to fit the version that its author saw. */
  add(by: Author, operations: readonly PatchOperation[]): void {
    const view: View = { through: by.saw, self: by }
    for (const operation of operations) this.#apply(view, by, operation)
  }

  /** The conflicts of a delta with those that came before it, one for each pair of operations. */
  conflictsOf(author: Author): Conflict[] {
    const conflicts: Conflict[] = []
    const told = new Map<Json, Set<Json>>()
    for (const { touches } of this.#touched.get(author) ?? []) {
      for (const mine of touches.filter(({ by }) => by === author)) {
        for (const other of touches) {
          if (!areConcurrent(author, other.by) || !this.#clash(mine, other)) continue
          const others = told.get(mine.operation) ?? new Set()
          if (others.has(other.operation)) continue
          told.set(mine.operation, others.add(other.operation))
          conflicts.push({
            path: mine.path,
            one: { by: author, operation: mine.operation },
            other: { by: other.by, operation: other.operation },
          })
        }
      }
    }
    return conflicts
  }

  /** The document as a view has it. */
  read(view: View): Json {
    const node = this.#root.valueIn(view)
    if (node === null) throw new TypeError('a document always has a value')
    return this.#valueOf(node, view)
  }

  #apply(view: View, by: Author, operation: PatchOperation): void {
    // As its author wrote it, for reports.
    const told = toldOf(operation)
    const touch = (location: Location, kind: Touch['kind'], node: JsonNode | null, path: readonly string[]): void => {
      location.touch({ by, kind, node, path: formatPointer(path), operation: told, rank: (this.#rank += 1) })
      const touched = this.#touched.get(by) ?? new Set()
      this.#touched.set(by, touched.add(location))
    }
    const goTo = (
      path: readonly string[],
      kind: 'inside' | 'beneath' | null,
    ): { location: Location; node: JsonNode | null } => {
      let location = this.#root
      for (const [level, token] of path.entries()) {
        const node = location.valueIn(view)
        if (node === null) throw notThere(path)
        if (kind !== null) touch(location, kind, node, path.slice(0, level))
        location = this.#child(node, token, view, path)
      }
      return { location, node: location.valueIn(view) }
    }
    const write = (path: readonly string[], value: Json | undefined, inserts: boolean): void => {
      const node = value === undefined ? null : { value }
      const name = path.at(-1)
      if (name === undefined) return touch(this.#root, 'write', node, path)
      const { location: holder, node: parent } = goTo(path.slice(0, -1), 'inside')
      if (parent === null) throw notThere(path)
      touch(holder, 'inside', parent, path.slice(0, -1))
      const location =
        inserts && Array.isArray(parent.value)
          ? this.#insert(parent, name, view, by, path)
          : this.#child(parent, name, view, path)
      touch(location, 'write', node, path)
    }
    const read = (path: readonly string[]): Json => {
      const { node } = goTo(path, null)
      if (node === null) throw notThere(path)
      return this.#valueOf(node, view)
    }
    const { path } = operation
    switch (operation.op) {
      case 'add':
        return write(path, operation.value, true)
      case 'replace':
        return write(path, operation.value, false)
      case 'remove':
        return write(path, undefined, false)
      case 'copy':
        return write(path, read(operation.from), true)
      case 'move': {
        const value = read(operation.from)
        if (operation.from.length === 0) return
        write(operation.from, undefined, false)
        return write(path, value, true)
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
        if (location && location.valueIn(view) === null) continue
        if (count === index) return { place, left, right }
        count += 1
        left = place
        right = null
      }
    }
    return { place: null, left, right }
  }

  #clash(one: Touch, other: Touch): boolean {
    const [first, second] = [one.kind, other.kind]
    if (first === 'write' && second === 'write') return !this.#isSame(one, other)
    if (first === 'write' || second === 'write') return true
    return (first === 'test' && second === 'inside') || (first === 'inside' && second === 'test')
  }

  #isSame(one: Touch, other: Touch): boolean {
    if (one.node === null || other.node === null) return one.node === other.node
    const [first, second] = [one, other].map(({ node, by }) =>
      canonicalJson(this.#valueOf(node as JsonNode, { through: by.saw, self: by })),
    )
    return first === second
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
      else if (location.makerIn(view) === null) {
        const node = location.valueIn(view)
        if (node !== null) setOwnMember(object, name, this.#valueOf(node, view))
      }
    }
    for (const [name, location] of members) {
      const node = location.valueIn(view)
      const maker = location.makerIn(view)
      if (node !== null && maker !== null) added.push({ name, maker, node })
    }
    added.sort(({ maker: one }, { maker: other }) =>
      one.by === other.by ? one.rank - other.rank : one.by.id < other.by.id ? -1 : 1,
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
        const node = location?.valueIn(view)
        if (location === undefined) array.push(run.items[offset] as Json)
        else if (node) array.push(this.#valueOf(node, view))
      }
    }
    return array
  }
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
