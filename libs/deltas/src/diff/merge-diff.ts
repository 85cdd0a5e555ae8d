import { StudioError } from '@studio/kernel'
import type { Json } from '@studio/contracts'
import { formatPointer } from '../json/json-pointer.ts'
import { isObject, setOwnMember, type JsonObject } from '../json/json-value.ts'
import { diffJson } from './diff-json.ts'

/**
 * The JSON Merge Patch (RFC 7396) from one value to another; `{}` where two objects are equal. Throws `diff_not_expressible` where a
 * member would have to be set to null, which in a merge patch means that it goes.
 */
export function mergeDiff(from: Json, to: Json): Json {
  return isObject(to) ? diffMembers(isObject(from) ? from : {}, to, []) : to
}

function diffMembers(from: JsonObject, to: JsonObject, path: readonly string[]): JsonObject {
  const patch: JsonObject = {}
  for (const name of Object.keys(from)) if (!Object.hasOwn(to, name)) setOwnMember(patch, name, null)
  for (const [name, value] of Object.entries(to)) {
    const before = Object.hasOwn(from, name) ? (from[name] as Json) : undefined
    const change = diffMember(before, value, [...path, name])
    if (change !== undefined) setOwnMember(patch, name, change)
  }
  return patch
}

/** What the patch has to say about a member; undefined for nothing. */
function diffMember(from: Json | undefined, to: Json, path: readonly string[]): Json | undefined {
  if (isObject(to)) {
    const change = diffMembers(isObject(from) ? from : {}, to, path)
    return isObject(from) && Object.keys(change).length === 0 ? undefined : change
  }
  if (from !== undefined && diffJson(from, to)?.length === 0) return undefined
  if (to === null) {
    const pointer = formatPointer(path)
    throw new StudioError(
      'diff_not_expressible',
      `A merge patch cannot set ${pointer} to null; ask for "json-patch".`,
      {
        extensions: { errors: [{ pointer, detail: 'is null' }] },
      },
    )
  }
  return to
}
