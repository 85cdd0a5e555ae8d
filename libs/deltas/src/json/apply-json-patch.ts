import { StudioError } from '@studio/kernel'
import type { Json } from '@studio/contracts'
import { formatPointer, parseIndex } from './json-pointer.ts'
import { isContainer, ownMember, setOwnMember, type JsonContainer } from './json-value.ts'
import { defaultPatchLimits, type PatchLimits } from '../limits.ts'
import { atOperation, atPointer, checkOperationCount, parseOperation, type PatchOperation } from './parse-json-patch.ts'
import { createPatchMeter, type PatchMeter } from './patch-meter.ts'

/**
 * Applies a JSON Patch (RFC 6902) and answers the new document. The given one must have been made for this and is given away: it is changed
 * in place, and where the patch fails it is left half changed, to be thrown away (the caller still has the bytes that it came from). The
 * result shares nothing with the patch. Only own members count: `__proto__` and `constructor` are names like any other.
 *
 * Throws `malformed_patch`, `patch_failed` (a target is not there), `patch_test_failed` and `patch_too_large`, all with the index and the
 * pointer of the first operation that fails.
 */
export function applyJsonPatch(
  document: Json,
  patch: readonly unknown[],
  limits: PatchLimits = defaultPatchLimits,
): Json {
  checkOperationCount(patch, limits)
  const draft: Draft = { root: document, meter: createPatchMeter(limits) }
  for (let index = 0; index < patch.length; index++) {
    const operation = parseOperation(patch[index], index)
    try {
      applyOperation(draft, operation)
    } catch (error) {
      // What is malformed is so whatever the document: it goes before what does not fit this one.
      for (let later = index + 1; later < patch.length; later++) parseOperation(patch[later], later)
      throw atOperation(index, operation.pointer, error)
    }
  }
  return draft.root
}

interface Draft {
  root: Json
  readonly meter: PatchMeter
}

// Moving one slot of an array costs a fraction of looking at a value.
const slotsPerUnit = 16

function applyOperation(draft: Draft, operation: PatchOperation): void {
  const { path } = operation
  switch (operation.op) {
    case 'add':
      return add(draft, path, draft.meter.copy(operation.value, path.length))
    case 'remove':
      remove(draft, path)
      return
    case 'replace':
      return replace(draft, path, draft.meter.copy(operation.value, path.length))
    case 'move': {
      // Moving can nest a value deeper than it was.
      const value = readFrom(draft, operation.from)
      draft.meter.move(value, path.length)
      if (operation.from.length === 0) return
      remove(draft, operation.from)
      return add(draft, path, value)
    }
    case 'copy':
      // A real copy: two places that share one container could not be changed apart.
      return add(draft, path, draft.meter.copy(readFrom(draft, operation.from), path.length))
    case 'test':
      if (!equal(read(draft, path), operation.value, draft.meter)) {
        throw new StudioError('patch_test_failed', 'the value is not the one that the test names.')
      }
  }
}

/** Where there is nothing to move or copy, that is the place that the error names. */
function readFrom(draft: Draft, from: readonly string[]): Json {
  try {
    return read(draft, from)
  } catch (error) {
    throw atPointer(formatPointer(from), error)
  }
}

function read(draft: Draft, path: readonly string[]): Json {
  let value = draft.root
  draft.meter.work(path.length)
  for (const token of path) value = childOf(value, token)
  return value
}

function childOf(parent: Json, token: string): Json {
  if (!isContainer(parent)) throw missing()
  const child = Array.isArray(parent) ? parent[indexIn(parent, token)] : ownMember(parent, token)
  if (child === undefined) throw missing()
  return child
}

function add(draft: Draft, path: readonly string[], value: Json): void {
  const name = path[path.length - 1]
  if (name === undefined) {
    draft.root = value
    return
  }
  const parent = parentOf(draft, path)
  if (!Array.isArray(parent)) return setOwnMember(parent, name, value)
  const index = name === '-' ? parent.length : indexIn(parent, name, parent.length)
  if (index === parent.length) {
    parent.push(value)
    return
  }
  draft.meter.work((parent.length - index) / slotsPerUnit)
  parent.splice(index, 0, value)
}

function remove(draft: Draft, path: readonly string[]): void {
  const name = path[path.length - 1]
  if (name === undefined) {
    // The RFC leaves open what is left where the whole was; the public suite (json-patch-tests) says null.
    draft.root = null
    return
  }
  const parent = parentOf(draft, path)
  if (!Array.isArray(parent)) {
    if (ownMember(parent, name) === undefined) throw missing()
    delete parent[name]
    return
  }
  const index = indexIn(parent, name)
  draft.meter.work((parent.length - index) / slotsPerUnit)
  parent.splice(index, 1)
}

function replace(draft: Draft, path: readonly string[], value: Json): void {
  const name = path[path.length - 1]
  if (name === undefined) {
    draft.root = value
    return
  }
  const parent = parentOf(draft, path)
  if (Array.isArray(parent)) parent[indexIn(parent, name)] = value
  else if (ownMember(parent, name) === undefined) throw missing()
  else setOwnMember(parent, name, value)
}

/** The container that holds the last token of a path. */
function parentOf(draft: Draft, path: readonly string[]): JsonContainer {
  draft.meter.work(path.length)
  let parent = draft.root
  for (let at = 0; at < path.length - 1; at++) parent = childOf(parent, path[at] as string)
  if (!isContainer(parent)) throw missing()
  return parent
}

function indexIn(array: readonly Json[], token: string, last = array.length - 1): number {
  const index = parseIndex(token)
  if (index === undefined) throw new StudioError('patch_failed', `"${token.slice(0, 40)}" is not an index of an array.`)
  if (index > last)
    throw new StudioError('patch_failed', `the array has ${array.length} items; there is no place ${index}.`)
  return index
}

/** Equality of RFC 6902 section 4.6: arrays by order, objects without order, numbers by value. */
function equal(one: Json, other: Json, meter: PatchMeter): boolean {
  meter.work(1)
  if (!isContainer(one) || !isContainer(other)) return one === other
  if (Array.isArray(one)) {
    return (
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((item, at) => equal(item, other[at] as Json, meter))
    )
  }
  if (Array.isArray(other)) return false
  const names = Object.keys(one)
  if (names.length !== Object.keys(other).length) return false
  return names.every((name) => Object.hasOwn(other, name) && equal(one[name] as Json, other[name] as Json, meter))
}

function missing(): StudioError {
  return new StudioError('patch_failed', 'there is no such place in the document.')
}
