import { isStudioError, StudioError, type ErrorCode } from '@studio/kernel'
import type { Json } from '@studio/contracts'
import { parsePointer } from './json-pointer.ts'
import { isObject } from './json-value.ts'
import type { PatchLimits } from '../limits.ts'

interface Target {
  /** `path` as it was given, for messages. */
  readonly pointer: string
  readonly path: readonly string[]
}

/** One checked operation of RFC 6902, its pointers taken apart. */
export type PatchOperation =
  | (Target & { readonly op: 'add' | 'replace' | 'test'; readonly value: Json })
  | (Target & { readonly op: 'remove' })
  | (Target & { readonly op: 'move' | 'copy'; readonly from: readonly string[] })

/** An error of one operation; the problem carries `operation` (index in the patch, from 0) and `pointer`. */
export function operationError(code: ErrorCode, operation: number, pointer: string, detail: string): StudioError {
  return new StudioError(code, `Operation ${operation} at "${pointer}": ${detail}`, {
    extensions: { operation, pointer },
  })
}

/** The error of a step of one operation; one without a place gets this one. */
export function atOperation(operation: number, pointer: string, error: unknown): unknown {
  if (!isStudioError(error) || 'operation' in error.extensions) return error
  const place = error.extensions['pointer']
  return operationError(error.code, operation, typeof place === 'string' ? place : pointer, error.message)
}

/** The error with the place in the document that it is about. */
export function atPointer(pointer: string, error: unknown): unknown {
  return isStudioError(error) ? new StudioError(error.code, error.message, { extensions: { pointer } }) : error
}

/**
 * Checks a whole patch document (RFC 6902 sections 3 and 4). Throws `malformed_patch`, and `patch_too_large` for too many operations.
 */
export function parseJsonPatch(patch: readonly unknown[], limits: PatchLimits): PatchOperation[] {
  checkOperationCount(patch, limits)
  return patch.map(parseOperation)
}

export function checkOperationCount(patch: readonly unknown[], limits: PatchLimits): void {
  if (patch.length <= limits.operations) return
  throw new StudioError(
    'patch_too_large',
    `A patch may have ${limits.operations} operations; this one has ${patch.length}.`,
  )
}

/** The operation at an index. Members that it does not define are ignored, as the RFC says. Throws `malformed_patch`. */
export function parseOperation(operation: unknown, index: number): PatchOperation {
  if (!isObject(operation)) throw malformed(index, '', 'an operation must be an object.')
  const { op, path: pointer, value, from } = operation
  if (typeof pointer !== 'string') throw malformed(index, '', '"path" must be a string.')
  const path = parsePointer(pointer)
  if (path === undefined) throw malformed(index, pointer, '"path" is not a JSON Pointer (RFC 6901).')
  switch (op) {
    case 'remove':
      return { op, pointer, path }
    case 'add':
    case 'replace':
    case 'test':
      if (value === undefined) throw malformed(index, pointer, `"${op}" needs a "value".`)
      return { op, pointer, path, value }
    case 'move':
    case 'copy': {
      const tokens = typeof from === 'string' ? parsePointer(from) : undefined
      if (tokens === undefined)
        throw malformed(index, pointer, `"${op}" needs a "from" that is a JSON Pointer (RFC 6901).`)
      if (op === 'move' && tokens.length < path.length && tokens.every((token, at) => token === path[at]))
        throw malformed(index, pointer, 'a value cannot be moved into itself.')
      return { op, pointer, path, from: tokens }
    }
    default:
      throw malformed(index, pointer, '"op" must be add, remove, replace, move, copy or test.')
  }
}

function malformed(operation: number, pointer: string, detail: string): StudioError {
  return operationError('malformed_patch', operation, pointer, detail)
}
