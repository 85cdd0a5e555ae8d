import { isUtf8 } from 'node:buffer'
import { StudioError } from '@studio/kernel'
import type { TextOperation } from '@studio/contracts'
import { defaultPatchLimits, type PatchLimits } from '../limits.ts'
import { countCodePoints, skipCodePoints } from './code-points.ts'

/**
 * Applies a text delta to UTF-8 text and answers the new text; the given one is not touched. Positions are code points. Takes one pass over
 * the text up to the last operation: 16 MiB in some ms.
 *
 * Throws `patch_not_applicable` where the base is not UTF-8, `patch_failed` where an operation reaches beyond the end (with its index and
 * the position in code points that it starts at), `patch_too_large` over `limits.operations` or `limits.bytes`.
 */
export function applyText(
  base: Uint8Array,
  operations: readonly TextOperation[],
  limits: PatchLimits = defaultPatchLimits,
): Buffer {
  if (operations.length > limits.operations) {
    throw new StudioError(
      'patch_too_large',
      `A patch may have ${limits.operations} operations; this one has ${operations.length}.`,
    )
  }
  assertUtf8(base)
  const parts: Uint8Array[] = []
  let size = 0
  const put = (part: Uint8Array): void => {
    size += part.length
    if (size > limits.bytes) throw new StudioError('patch_too_large', `The result has more than ${limits.bytes} bytes.`)
    parts.push(part)
  }
  let at = 0
  for (const [index, operation] of operations.entries()) {
    if ('insert' in operation) {
      put(Buffer.from(operation.insert, 'utf8'))
      continue
    }
    const end = skipCodePoints(base, at, 'retain' in operation ? operation.retain : operation.delete)
    if (end === undefined) throw beyondEnd(base, index, at)
    if ('retain' in operation) put(base.subarray(at, end))
    at = end
  }
  put(base.subarray(at))
  return Buffer.concat(parts, size)
}

/** Throws `patch_not_applicable` for bytes that are not UTF-8: they have no code points. */
export function assertUtf8(bytes: Uint8Array): void {
  if (!isUtf8(bytes))
    throw new StudioError('patch_not_applicable', 'The content is not UTF-8 text; give the whole content instead.')
}

function beyondEnd(base: Uint8Array, operation: number, at: number): StudioError {
  const position = countCodePoints(base, 0, at)
  const length = position + countCodePoints(base, at, base.length)
  return new StudioError(
    'patch_failed',
    `Operation ${operation} at ${position} reaches beyond the end of the text, which has ${length} code points.`,
    { extensions: { operation, position } },
  )
}
