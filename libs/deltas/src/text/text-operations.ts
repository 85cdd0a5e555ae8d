import { StudioError } from '@studio/kernel'
import type { TextOperation } from '@studio/contracts'
import { isObject } from '../json/json-value.ts'

/**
 * The normal form of a text delta, of any steps that mean it: nothing empty, neighbours of one kind made one, what is put in at a place
 * before what is taken out there, nothing retained at the end.
 */
export function normaliseTextOperations(steps: Iterable<TextOperation>): TextOperation[] {
  const normal: TextOperation[] = []
  let retained = 0
  let inserted = ''
  let deleted = 0
  const flush = (): void => {
    if (inserted === '' && deleted === 0) return
    if (retained > 0) normal.push({ retain: retained })
    if (inserted !== '') normal.push({ insert: inserted })
    if (deleted > 0) normal.push({ delete: deleted })
    retained = 0
    inserted = ''
    deleted = 0
  }
  for (const step of steps) {
    if ('insert' in step) inserted += step.insert
    else if ('delete' in step) deleted += step.delete
    else if (step.retain > 0) {
      flush()
      retained += step.retain
    }
  }
  flush()
  return normal
}

/**
 * A text delta as its author wrote it, of any JSON value: not in its normal form, which would forget a retain beyond the end and move the
 * indices that errors name. Throws `malformed_patch` with the index of the operation that is none, from 0:
 * each has exactly one of `retain` and `delete` (a number of code points from 1) and `insert` (text, not empty, without half surrogate pairs).
 */
export function parseTextOperations(value: unknown): TextOperation[] {
  if (!Array.isArray(value)) throw new StudioError('malformed_patch', 'A text delta is a list of operations.')
  return value.map(parseOperation)
}

function parseOperation(operation: unknown, index: number): TextOperation {
  if (!isObject(operation) || Object.keys(operation).length !== 1)
    throw malformed(index, 'it must be {"retain": n}, {"delete": n} or {"insert": "text"}.')
  const { insert, retain, delete: deleted } = operation
  if (insert !== undefined) {
    if (typeof insert !== 'string' || insert === '') throw malformed(index, '"insert" must be text that is not empty.')
    if (!insert.isWellFormed()) throw malformed(index, 'the text holds half of a surrogate pair.')
    return { insert }
  }
  const codePoints = retain ?? deleted
  if (typeof codePoints !== 'number' || !Number.isSafeInteger(codePoints) || codePoints < 1)
    throw malformed(index, '"retain" and "delete" must be a whole number of code points, at least 1.')
  return retain === undefined ? { delete: codePoints } : { retain: codePoints }
}

function malformed(operation: number, detail: string): StudioError {
  return new StudioError('malformed_patch', `Operation ${operation}: ${detail}`, { extensions: { operation } })
}
