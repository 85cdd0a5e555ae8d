import type { Json } from '@studio/contracts'
import { isObject, ownMember, setOwnMember, type JsonObject } from './json-value.ts'
import { defaultPatchLimits, type PatchLimits } from '../limits.ts'
import { createPatchMeter, type PatchMeter } from './patch-meter.ts'

/**
 * Applies a JSON Merge Patch (RFC 7396 section 2) and answers the new document; the given one is not touched. Any JSON value is a merge
 * patch: what is not an object replaces the document, null removes a member. Throws `patch_too_large`.
 */
export function applyMergePatch(document: Json, patch: Json, limits: PatchLimits = defaultPatchLimits): Json {
  const meter = createPatchMeter(limits)
  return merge(document, meter.copy(patch, 0), meter)
}

function merge(target: Json | undefined, patch: Json, meter: PatchMeter): Json {
  if (!isObject(patch)) return patch
  const result: JsonObject = isObject(target) ? { ...target } : {}
  meter.work(Object.keys(result).length + 1)
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else setOwnMember(result, name, merge(ownMember(result, name), value, meter))
  }
  return result
}
