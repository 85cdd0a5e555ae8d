import type { Json } from '@studio/contracts'

export type TextOutcome =
  { readonly text: string } | { readonly code: 'malformed_patch' | 'patch_failed'; readonly operation: number }

/** A text delta by its definition, on an array of code points. As the engine does, it judges the form of all operations first. */
export function referenceText(text: string, delta: readonly Json[]): TextOutcome {
  const malformed = delta.findIndex((operation) => !isOperation(operation))
  if (malformed >= 0) return { code: 'malformed_patch', operation: malformed }
  const rest = Array.from(text)
  const result: string[] = []
  for (const [operation, step] of delta.entries()) {
    const {
      insert = '',
      retain = 0,
      delete: deleted = 0,
    } = step as { insert?: string; retain?: number; delete?: number }
    if (retain + deleted > rest.length) return { code: 'patch_failed', operation }
    result.push(insert, ...rest.splice(0, retain))
    rest.splice(0, deleted)
  }
  return { text: [...result, ...rest].join('') }
}

function isOperation(operation: Json): boolean {
  if (typeof operation !== 'object' || operation === null || Array.isArray(operation)) return false
  const [[name, value] = ['', null], ...more] = Object.entries(operation)
  if (more.length > 0) return false
  if (name === 'insert') return typeof value === 'string' && value.length > 0
  return (name === 'retain' || name === 'delete') && typeof value === 'number' && Number.isInteger(value) && value > 0
}
