import type { Json } from '@studio/contracts'
import { isDeepStrictEqual } from 'node:util'

export type Refusal = 'malformed_patch' | 'patch_failed' | 'patch_test_failed'

/** What a patch comes to by the letter of RFC 6902. */
export type ReferenceOutcome = { readonly value: Json } | { readonly code: Refusal; readonly operation: number }

type Members = Record<string, unknown>
type Container = Json[] | Record<string, Json>

class Refused extends Error {
  readonly code: Refusal
  constructor(code: Refusal) {
    super(code)
    this.code = code
  }
}

/**
 * RFC 6902 read aloud: recursive, immutable, without a thought for speed; shares no line with the engine, so that an error of the one is
 * not an error of the other. As the engine does, it judges the form of all operations (section 4) before it applies the first.
 */
export function referenceJsonPatch(document: Json, patch: readonly Json[]): ReferenceOutcome {
  let operation = 0
  try {
    for (operation = 0; operation < patch.length; operation += 1) checkForm(patch[operation])
    // The document is the member "" of an outer object: a pointer split at its slashes begins with "", so the root is a place like any other.
    let outer: Json = { '': document }
    for (operation = 0; operation < patch.length; operation += 1) {
      // The RFC does not say what is left where the root is removed; the public suite does: null.
      outer = { '': null, ...(apply(outer, patch[operation] as Members) as object) }
    }
    return { value: valueAt(outer, ['']) }
  } catch (error) {
    if (error instanceof Refused) return { code: error.code, operation }
    throw error
  }
}

function apply(outer: Json, { op, path, from, value }: Members): Json {
  const target = tokens(path)
  switch (op) {
    case 'add':
      return added(outer, target, value as Json)
    case 'remove':
      return removed(outer, target)
    case 'replace':
      return replaced(outer, target, value as Json)
    // Section 4.4: "a remove … followed immediately by an add".
    case 'move':
      return added(removed(outer, tokens(from)), target, valueAt(outer, tokens(from)))
    // Section 4.5: "an add … using the value specified in from".
    case 'copy':
      return added(outer, target, valueAt(outer, tokens(from)))
    default:
      if (!isDeepStrictEqual(sorted(valueAt(outer, target)), sorted(value as Json)))
        throw new Refused('patch_test_failed')
      return outer
  }
}

function added(outer: Json, path: string[], value: Json): Json {
  return inParent(outer, path, (parent, token) => {
    if (Array.isArray(parent)) {
      const at = token === '-' ? parent.length : indexOf(token)
      if (at > parent.length) throw new Refused('patch_failed')
      return [...parent.slice(0, at), value, ...parent.slice(at)]
    }
    // `fromEntries` keeps the place of a name that is there already, and knows no prototype.
    return Object.fromEntries([...Object.entries(parent), [token, value]])
  })
}

function removed(outer: Json, path: string[]): Json {
  return inParent(outer, path, (parent, token) => {
    valueAt(parent, [token])
    return Array.isArray(parent)
      ? parent.filter((_, at) => at !== indexOf(token))
      : Object.fromEntries(Object.entries(parent).filter(([name]) => name !== token))
  })
}

function replaced(outer: Json, path: string[], value: Json): Json {
  return inParent(outer, path, (parent, token) => {
    valueAt(parent, [token])
    return put(parent, token, value)
  })
}

/** The document with another container in the place of the one that holds the last token. */
function inParent(
  value: Json,
  [token = '', ...rest]: string[],
  change: (parent: Container, token: string) => Json,
): Json {
  if (typeof value !== 'object' || value === null) throw new Refused('patch_failed')
  return rest.length === 0 ? change(value, token) : put(value, token, inParent(valueAt(value, [token]), rest, change))
}

/** The container with another value in a place that it has. */
function put(parent: Container, token: string, value: Json): Json {
  const entries = Object.entries(parent).map(([name, old]) => [name, name === token ? value : old] as const)
  return Array.isArray(parent) ? entries.map(([, item]) => item) : Object.fromEntries(entries)
}

function valueAt(value: Json, [token, ...rest]: string[]): Json {
  if (token === undefined) return value
  if (typeof value !== 'object' || value === null) throw new Refused('patch_failed')
  if (Array.isArray(value)) {
    const item = value.find((_, at) => at === indexOf(token))
    if (item === undefined) throw new Refused('patch_failed')
    return valueAt(item, rest)
  }
  const member = Object.entries(value).find(([name]) => name === token)
  if (member === undefined) throw new Refused('patch_failed')
  return valueAt(member[1], rest)
}

/** RFC 6901 section 4: `array-index = %x30 / ( %x31-39 *(%x30-39) )`. */
function indexOf(token: string): number {
  const index = Number(token)
  // A number that is written as it was read has no leading zero, sign, point, exponent or space.
  if (!Number.isInteger(index) || index < 0 || Object.is(index, -0) || String(index) !== token)
    throw new Refused('patch_failed')
  return index
}

/** RFC 6901 section 3, with the outer "" first. */
function tokens(pointer: unknown): string[] {
  return (pointer as string).split('/').map((token) => token.split('~1').join('/').split('~0').join('~'))
}

function checkForm(operation: unknown): void {
  const malformed = () => new Refused('malformed_patch')
  if (typeof operation !== 'object' || operation === null || Array.isArray(operation)) throw malformed()
  const has = (name: string) => Object.keys(operation).includes(name)
  const { op, path, from } = operation as Members
  const pointers = op === 'move' || op === 'copy' ? [path, from] : [path]
  if (!has('op') || !['add', 'remove', 'replace', 'move', 'copy', 'test'].some((name) => name === op)) throw malformed()
  if (!has('path') || (pointers.length > 1 && !has('from'))) throw malformed()
  if (!pointers.every((pointer) => typeof pointer === 'string' && /^(\/([^~/]|~[01])*)*$/u.test(pointer)))
    throw malformed()
  if (['add', 'replace', 'test'].some((name) => name === op) && !has('value')) throw malformed()
  // Section 4.4: "The from location MUST NOT be a proper prefix of the path location".
  if (op === 'move' && (path as string).startsWith(`${from as string}/`)) throw malformed()
}

/** Objects are without order (section 4.6), and -0 is 0 (numbers are "numerically equal"). */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value === 0 ? 0 : value
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, child]) => [name, sorted(child)] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  )
}
