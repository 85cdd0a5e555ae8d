import { isStudioError, StudioError, type ErrorCode } from '@studio/kernel'
import type { Json } from '@studio/contracts'
import { parsePointer } from './json-pointer.ts'
import type { PatchLimits } from './limits.ts'

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

/** Runs a step of one operation; an error without a place gets this one. */
export function atOperation<Result>(operation: number, pointer: string, step: () => Result): Result {
  try {
    return step()
  } catch (error) {
    if (isStudioError(error) && !('operation' in error.extensions))
      throw operationError(error.code, operation, pointer, error.message)
    throw error
  }
}

/**
 * Checks a whole patch document before anything is applied (RFC 6902 sections 3 and 4). Throws `malformed_patch`, and `patch_too_large`
 * for too many operations. Members that an operation does not define are ignored, as the RFC says.
 */
export function parseJsonPatch(patch: readonly unknown[], limits: PatchLimits): PatchOperation[] {
  if (patch.length > limits.operations) {
    throw new StudioError(
      'patch_too_large',
      `A patch may have ${limits.operations} operations; this one has ${patch.length}.`,
    )
  }
  return patch.map(parseOperation)
}

function parseOperation(operation: unknown, index: number): PatchOperation {
  const malformed = (pointer: string, detail: string): StudioError =>
    operationError('malformed_patch', index, pointer, detail)
  if (typeof operation !== 'object' || operation === null || Array.isArray(operation))
    throw malformed('', 'an operation must be an object.')
  const member = (name: string): unknown =>
    Object.hasOwn(operation, name) ? (operation as Record<string, unknown>)[name] : undefined
  const pointer = member('path')
  if (typeof pointer !== 'string') throw malformed('', '"path" must be a string.')
  const path = parsePointer(pointer)
  if (path === undefined) throw malformed(pointer, '"path" is not a JSON Pointer (RFC 6901).')
  const op = member('op')
  switch (op) {
    case 'remove':
      return { op, pointer, path }
    case 'add':
    case 'replace':
    case 'test': {
      const value = member('value')
      if (value === undefined) throw malformed(pointer, `"${op}" needs a "value".`)
      return { op, pointer, path, value: value as Json }
    }
    case 'move':
    case 'copy': {
      const from = member('from')
      const tokens = typeof from === 'string' ? parsePointer(from) : undefined
      if (tokens === undefined) throw malformed(pointer, `"${op}" needs a "from" that is a JSON Pointer (RFC 6901).`)
      if (op === 'move' && tokens.length < path.length && tokens.every((token, at) => token === path[at])) {
        throw malformed(pointer, 'a value cannot be moved into itself.')
      }
      return { op, pointer, path, from: tokens }
    }
    default:
      throw malformed(pointer, '"op" must be add, remove, replace, move, copy or test.')
  }
}
