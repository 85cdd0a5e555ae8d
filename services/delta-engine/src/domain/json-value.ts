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
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** Sets an own member. Assignment to `__proto__` would change the prototype, so that one name is defined instead. */
export function setOwnMember(object: JsonObject, name: string, value: Json): void {
  if (name !== '__proto__') object[name] = value
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
}

/** Members of all objects inside a value. */
export function countMembers(value: Json): number {
  if (!isContainer(value)) return 0
  const children = Array.isArray(value) ? value : Object.values(value)
  let members = Array.isArray(value) ? 0 : children.length
  for (const child of children) members += countMembers(child)
  return members
}
