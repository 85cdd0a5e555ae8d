import type { Json } from '@studio/contracts'

export type JsonObject = Record<string, Json>
export type JsonContainer = Json[] | JsonObject

export function isContainer(value: unknown): value is JsonContainer {
  return typeof value === 'object' && value !== null
}

export function isObject(value: unknown): value is JsonObject {
  return isContainer(value) && !Array.isArray(value)
}

/** A member by its own name; a name such as `constructor` never reaches the prototype. */
export function ownMember(object: JsonObject, name: string): Json | undefined {
  if (name === '__proto__' && !Object.hasOwn(object, name)) return undefined
  // All else that a plain object inherits is functions, which are no JSON; to ask whether it is an own one costs a second look-up.
  const value: unknown = object[name]
  return typeof value === 'function' ? undefined : (value as Json | undefined)
}

/** Sets an own member. Assignment to `__proto__` would change the prototype, so that one name is defined instead. */
export function setOwnMember(object: JsonObject, name: string, value: Json): void {
  if (name !== '__proto__') object[name] = value
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
}
