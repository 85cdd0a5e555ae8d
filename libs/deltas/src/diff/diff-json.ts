import type { Json } from '@studio/contracts'
import { formatPointer } from '../json/json-pointer.ts'
import { isContainer, isObject, type JsonObject } from '../json/json-value.ts'
import { diffTokens, newEffort, type Change, type Effort } from './diff-tokens.ts'

/** An operation of a computed JSON Patch. */
export type DiffOperation = { op: 'add' | 'replace'; path: string; value: Json } | { op: 'remove'; path: string }

/** Where a comparison is, and what is left of what it may cost. */
interface Walk {
  readonly path: string[]
  readonly effort: Effort
  /** Values that may still be looked at. */
  left: number
  readonly patience: number
}

/** Looking at a value takes some 50 ns. */
const mostValues = 400_000
/** What else costs is counted in values: an operation, and characters of its path or that are turned into tokens. */
const valuesPerOperation = 40
const charactersPerValue = 32
/** Small changes merge better than whole values. */
const usualPatience = 2

/**
 * A JSON Patch (RFC 6902) of `add`, `remove` and `replace` from one value to another, at most 64 levels deep. Members are compared by name,
 * without order; items of arrays by a shortest difference, and where they changed in place, inside. A part is replaced as a whole where what
 * is written member by member would be over `patience` times longer (infinite: never). Undefined where comparing costs too much: over some 50 ms.
 */
export function diffJson(from: Json, to: Json, patience = usualPatience): DiffOperation[] | undefined {
  const walk: Walk = { path: [], effort: newEffort(), left: mostValues, patience }
  const operations = diffValues(from, to, walk)
  return walk.left < 0 ? undefined : operations
}

function diffValues(from: Json, to: Json, walk: Walk): DiffOperation[] {
  if (--walk.left < 0 || from === to) return []
  const operations =
    isObject(from) && isObject(to)
      ? diffMembers(from, to, walk)
      : Array.isArray(from) && Array.isArray(to)
        ? diffItems(from, to, walk)
        : undefined
  if (operations === undefined) return [replaced(to, walk)]
  if (operations.length < 2 || walk.patience === Infinity) return operations
  const size = operations.reduce((sum, operation) => sum + sizeOf(operation, Infinity), 0)
  return sizeOf(to, size) * walk.patience < size ? [replaced(to, walk)] : operations
}

/** The operation at the place where the walk is. */
function replaced(value: Json, walk: Walk): DiffOperation {
  return { op: 'replace', path: pathOf(walk.path, walk), value }
}

function added(name: string, value: Json, walk: Walk): DiffOperation {
  return { op: 'add', path: pathOf([...walk.path, name], walk), value }
}

function removed(name: string, walk: Walk): DiffOperation {
  return { op: 'remove', path: pathOf([...walk.path, name], walk) }
}

/** Paths are charged by their length: each operation below a long name repeats it. */
function pathOf(tokens: readonly string[], walk: Walk): string {
  const path = formatPointer(tokens)
  walk.left -= valuesPerOperation + path.length / charactersPerValue
  return path
}

function diffMembers(from: JsonObject, to: JsonObject, walk: Walk): DiffOperation[] {
  const operations: DiffOperation[] = []
  const names = Object.keys(from)
  let common = 0
  for (const name of names) {
    if (walk.left < 0) return operations
    const value = from[name] as Json
    const other = to[name] as Json
    // The same value is an own one: nothing inherited is a JSON value.
    if (value === other) {
      common++
      continue
    }
    if (!Object.hasOwn(to, name)) {
      operations.push(removed(name, walk))
      continue
    }
    common++
    operations.push(...diffWithin(name, value, other, walk))
  }
  walk.left -= names.length
  const others = Object.keys(to)
  if (others.length === common) return operations
  for (const name of others) {
    if (walk.left < 0) return operations
    if (!Object.hasOwn(from, name)) operations.push(added(name, to[name] as Json, walk))
  }
  return operations
}

function diffItems(from: readonly Json[], to: readonly Json[], walk: Walk): DiffOperation[] {
  const most = Math.min(from.length, to.length)
  let start = 0
  while (start < most && same(from[start], to[start], walk)) start++
  let end = 0
  while (end < most - start && same(from[from.length - 1 - end], to[to.length - 1 - end], walk)) end++

  const [middle, otherMiddle] = [from.slice(start, from.length - end), to.slice(start, to.length - end)]
  const operations: DiffOperation[] = []
  // From the end, so that the indices before are still those of `from`.
  for (const change of changesBetween(middle, otherMiddle, walk).reverse()) {
    const [first, last] = [start + change.from, start + change.to]
    const others = otherMiddle.slice(change.otherFrom, change.otherTo)
    const inPlace = Math.min(last - first, others.length)
    for (let at = last - 1; at >= first + inPlace && walk.left >= 0; at--) operations.push(removed(String(at), walk))
    for (let at = inPlace; at < others.length && walk.left >= 0; at++)
      operations.push(added(String(first + at), others[at] as Json, walk))
    for (let at = 0; at < inPlace && walk.left >= 0; at++)
      operations.push(...diffWithin(String(first + at), from[first + at] as Json, others[at] as Json, walk))
  }
  return operations
}

function diffWithin(name: string, from: Json, to: Json, walk: Walk): DiffOperation[] {
  walk.path.push(name)
  const operations = diffValues(from, to, walk)
  walk.path.pop()
  return operations
}

/** Of too many items, one change of all: they are then compared place by place. */
function changesBetween(from: readonly Json[], to: readonly Json[], walk: Walk): Change[] {
  if (from.length + to.length > walk.effort.tokens)
    return [{ from: 0, to: from.length, otherFrom: 0, otherTo: to.length }]
  return diffTokens(tokensOf(from, walk), tokensOf(to, walk), walk.effort)
}

/** Items as text, so that a shortest difference of many is looked for among plain tokens. */
function tokensOf(items: readonly Json[], walk: Walk): string[] {
  const tokens: string[] = []
  for (const item of items) {
    if (walk.left < 0) break
    const token = JSON.stringify(item)
    walk.left -= 1 + token.length / charactersPerValue
    tokens.push(token)
  }
  return tokens
}

/** Equality by value, members without order. */
function same(one: Json | undefined, other: Json | undefined, walk: Walk): boolean {
  if (--walk.left < 0) return false
  if (!isContainer(one) || !isContainer(other)) return one === other
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length && one.every((item, at) => same(item, other[at], walk))
  }
  if (Array.isArray(other)) return false
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && same(one[name], other[name], walk))
  )
}

/** About the length of the value as JSON; stops counting once it is over `limit`. */
function sizeOf(value: Json, limit: number): number {
  if (typeof value === 'string') return value.length + 2
  if (!isContainer(value)) return String(value).length
  let size = 2
  for (const [name, child] of Object.entries(value)) {
    if (size > limit) break
    size += (Array.isArray(value) ? 1 : name.length + 4) + sizeOf(child, limit - size)
  }
  return size
}
