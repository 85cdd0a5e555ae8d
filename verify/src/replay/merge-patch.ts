type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

/** JSON Merge Patch, as the pseudo-code of RFC 7396 section 2 has it. Maps, so that `__proto__` is a member like any other. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const members = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name)
    else members.set(name, mergePatch(members.get(name), value) as Json)
  }
  return Object.fromEntries(members)
}

function isObject(value: unknown): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
