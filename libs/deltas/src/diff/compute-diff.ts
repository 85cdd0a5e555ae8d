import { isUtf8 } from 'node:buffer'
import { essenceOf, isJsonType, isStudioError } from '@studio/kernel'
import type { TextOperation } from '@studio/contracts'
import { applyJsonPatch } from '../json/apply-json-patch.ts'
import { parsePatchableDocument, serialise } from '../json/json-document.ts'
import { defaultPatchLimits } from '../limits.ts'
import { applyText } from '../text/apply-text.ts'
import { diffJson, type DiffOperation } from './diff-json.ts'
import { diffText } from './diff-text.ts'

/** A change as a delta records it. */
export type ComputedDiff =
  | { readonly format: 'json-patch'; readonly patch: DiffOperation[] }
  | { readonly format: 'text'; readonly patch: TextOperation[] }

/** JSON up to this many bytes on each side is parsed to be compared: some 20 ms. Text has no limit. */
export const diffableJsonBytes = 524_288

/** Whether `computeDiff` could make something of contents of this type and these sizes in bytes, so that reading them is worth it. */
export function isDiffable(contentType: string, ...sizes: readonly number[]): boolean {
  if (isJsonType(contentType)) return sizes.every((size) => size <= diffableJsonBytes)
  return isText(contentType)
}

/**
 * The delta from one version's bytes to the next one's, both of one content type: a JSON Patch, or a text delta for text/*. Null where whole
 * content is the better record: too large or too unlike to compare (at most 100 ms and 100 MB at 16 MiB), longer than the content itself,
 * or not giving exactly these bytes when our own engine applies it (JSON with other white space or another order of members).
 */
export function computeDiff(contentType: string, base: Uint8Array, next: Uint8Array): ComputedDiff | null {
  if (!isDiffable(contentType, base.length, next.length)) return null
  try {
    return isJsonType(contentType) ? jsonDiff(base, next) : textDiff(base, next)
  } catch (error) {
    if (isStudioError(error)) return null
    throw error
  }
}

function jsonDiff(base: Uint8Array, next: Uint8Array): ComputedDiff | null {
  const from = parsePatchableDocument(base)
  const patch = diffJson(from, parsePatchableDocument(next))
  if (patch === undefined || bytesOf(patch) >= next.length) return null
  const result = serialise(applyJsonPatch(from, patch), defaultPatchLimits.bytes)
  return result.equals(next) ? { format: 'json-patch', patch } : null
}

function textDiff(base: Uint8Array, next: Uint8Array): ComputedDiff | null {
  if (!isUtf8(base) || !isUtf8(next)) return null
  const patch = diffText(base, next)
  const inserted = patch.reduce(
    (sum, operation) => sum + ('insert' in operation ? Buffer.byteLength(operation.insert) : 0),
    0,
  )
  if (inserted > next.length / 2 || bytesOf(patch) >= next.length) return null
  return applyText(base, patch).equals(next) ? { format: 'text', patch } : null
}

function bytesOf(patch: ComputedDiff['patch']): number {
  return Buffer.byteLength(JSON.stringify(patch))
}

function isText(contentType: string): boolean {
  return essenceOf(contentType).startsWith('text/')
}
