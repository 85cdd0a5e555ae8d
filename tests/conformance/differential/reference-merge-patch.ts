import type { Json } from '@studio/contracts'

/** The pseudocode of RFC 7396 section 2, line by line, on maps instead of objects. */
export function referenceMergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch
  const members = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name)
    else members.set(name, referenceMergePatch(members.get(name), value))
  }
  return Object.fromEntries(members)
}

function isObject(value: Json | undefined): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
