import type { Json } from '@studio/contracts'

/** One token of a pointer and what it is looked up in. */
interface Step {
  readonly parent: Json
  readonly token: string
}

/** The steps that a pointer takes in a document, up to the first one that leads nowhere. */
export function stepsTo(document: Json, pointer: string): Step[] {
  const steps: Step[] = []
  let parent: Json | undefined = document
  for (const escaped of pointer.split('/').slice(1)) {
    if (parent === undefined) break
    const step: Step = { parent, token: escaped.replaceAll('~1', '/').replaceAll('~0', '~') }
    steps.push(step)
    parent = childOf(step)
  }
  return steps
}

/** The strings among `path` and `from`. */
export function pointersOf(operation: Json): string[] {
  return [memberOf(operation, 'path'), memberOf(operation, 'from')].filter((pointer) => typeof pointer === 'string')
}

/** An own member; undefined where the operation is no object or has no such member. */
export function memberOf(operation: Json, name: string): Json | undefined {
  if (typeof operation !== 'object' || operation === null) return undefined
  return new Map(Object.entries(operation)).get(name)
}

export function isScalar(value: Json): boolean {
  return typeof value !== 'object' || value === null
}

/** Whether a token names an item that the array has (RFC 6901 section 4). */
export function isItem({ parent, token }: Step): boolean {
  return Array.isArray(parent) && Object.keys(parent).includes(token)
}

/** Whether the operation has to do with a name that JavaScript objects inherit: in a pointer, or in a value that it names. */
export function mentionsInheritedName(document: Json, operation: Json): boolean {
  const pointers = pointersOf(operation)
  const values = pointers.flatMap((pointer) => {
    const last = stepsTo(document, pointer).at(-1)
    return last === undefined ? [document] : [childOf(last) ?? null]
  })
  const names = [...pointers.flatMap((pointer) => pointer.split('/')), ...[...values, operation].flatMap(namesIn)]
  return names.some((name) => name in Object.prototype || name === 'prototype')
}

function namesIn(value: Json): string[] {
  if (isScalar(value)) return []
  const below = Object.values(value as Record<string, Json>).flatMap(namesIn)
  return Array.isArray(value) ? below : [...Object.keys(value as object), ...below]
}

function childOf({ parent, token }: Step): Json | undefined {
  return isScalar(parent) ? undefined : new Map(Object.entries(parent as Record<string, Json>)).get(token)
}
