import { StudioError } from './errors.ts'
import { findJsonFault } from './find-json-fault.ts'
import { scanJson } from './scan-json.ts'
import { decodeUtf8 } from './utf8.ts'

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

/** Most levels of arrays and objects in any JSON that the studio takes: deeper ones overflow whoever walks them. */
export const maximumJsonDepth = 64

/**
 * The value of a JSON text (RFC 8259) whose meaning JavaScript keeps; everything that comes from outside goes through here. Throws
 * `invalid_utf8` and `malformed_json`, `json_too_deep` over 64 levels, `json_duplicate_member`, `json_lost_number` for a number that a double does
 * not keep by value (1e400, 2^53 + 1) and `json_lone_surrogate` for an escape that is half of a pair, in names as well. Each has
 * `errors` with the JSON Pointer (RFC 6901) to the place. `__proto__` is a name like any other.
 */
export function parseStrictJson(source: Uint8Array | string): Json {
  const text = typeof source === 'string' ? source : decodeUtf8(source)
  const scan = scanJson(text)
  if (scan.depth > maximumJsonDepth || scan.losesNumber || !text.isWellFormed()) throw refusal(text)
  const value = parse(text)
  // The walk is bounded by the depth that was just found.
  if (countMembers(value) !== scan.members || (escapedSurrogate.test(text) && !holdsWellFormed(value)))
    throw refusal(text)
  return value
}

const escapedSurrogate = /\\u[dD][89a-fA-F]/

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    throw refusal(text, error)
  }
}

function refusal(text: string, cause?: unknown): StudioError {
  const { code, pointer, detail } = findJsonFault(text, maximumJsonDepth) ?? {
    code: 'malformed_json' as const,
    pointer: '',
    detail: 'it is not JSON',
  }
  return new StudioError(code, `${pointer || 'The JSON'}: ${detail}.`, {
    cause,
    extensions: { errors: [{ pointer, detail }] },
  })
}

/**
 * How much there is to walk in a JSON value: its arrays, objects and members. Reading, cloning or writing one of them costs ten times what a
 * lone element of an array does.
 */
export function jsonExtent(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0
  let extent = 1
  if (Array.isArray(value)) {
    for (const element of value) extent += jsonExtent(element)
    return extent
  }
  for (const name in value) extent += 1 + jsonExtent(value[name] as Json)
  return extent
}

/** Members of all objects inside a value. */
function countMembers(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0
  let members = 0
  if (Array.isArray(value)) {
    for (const element of value) members += countMembers(element)
    return members
  }
  for (const name in value) members += 1 + countMembers(value[name] as Json)
  return members
}

function holdsWellFormed(value: Json): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(holdsWellFormed)
  return Object.entries(value).every(([name, member]) => name.isWellFormed() && holdsWellFormed(member))
}
