import { applyPatch, Pointer, type Operation } from 'rfc6902'

/**
 * Applies a JSON Patch that was applied before, by the package rfc6902, and answers the new document. Around what the package gets wrong:
 * - it passes over the tokens `__proto__`, `constructor` and `prototype`, and its clone drops `__proto__`: such names travel masked;
 * - it cannot add, replace or remove the whole document: documents travel as a member of another one;
 * - it looks up the target of a `move` before it takes the value away: a move is a remove and an add;
 * - it returns its errors: the first is thrown;
 * - its `test` is a diff, which is quadratic: tests change nothing, and what came of the patch is hashed, so they are left out.
 */
export function applyJsonPatch(document: unknown, patch: readonly Operation[]): unknown {
  const holder = { document: rename(document, mask) }
  for (const operation of patch) {
    for (const error of applyPatch(holder, stepsOf(operation, holder))) if (error) throw error
  }
  return rename(holder.document, unmask)
}

function stepsOf(operation: Operation, holder: { document: unknown }): Operation[] {
  const path = inHolder(operation.path)
  const isWhole = operation.path === ''
  switch (operation.op) {
    case 'test':
      return []
    case 'add':
    case 'replace':
      return [{ op: isWhole ? 'add' : operation.op, path, value: rename(operation.value, mask) }]
    case 'remove':
      // Where the whole was is null, as the public suite (json-patch-tests) has it.
      return [isWhole ? { op: 'add', path, value: null } : { op: 'remove', path }]
    case 'copy':
      return [{ op: 'copy', from: inHolder(operation.from), path }]
    case 'move': {
      if (operation.from === '') return []
      const from = inHolder(operation.from)
      const value: unknown = Pointer.fromJSON(from).get(holder)
      return [
        { op: 'remove', path: from },
        { op: 'add', path, value },
      ]
    }
  }
}

const inHolder = (pointer: string): string => `/document${pointer.split('/').map(mask).join('/')}`

const passedOver = new Set(['__proto__', 'constructor', 'prototype'])
const prefix = 'masked:'

function mask(name: string): string {
  return passedOver.has(name) || name.startsWith(prefix) ? `${prefix}${name}` : name
}

function unmask(name: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name
}

function rename(value: unknown, to: (name: string) => string): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => rename(item, to))
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [to(name), rename(member, to)]))
}
