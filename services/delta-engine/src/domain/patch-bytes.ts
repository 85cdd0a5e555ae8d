import { sha256 } from '@studio/kernel'
import type { Json } from '@studio/contracts'
import { applyJsonPatch } from './apply-json-patch.ts'
import { applyMergePatch } from './apply-merge-patch.ts'
import { parsePatchableDocument, serialise } from './json-document.ts'
import type { PatchLimits } from './limits.ts'

/** Applies a patch to the bytes of a JSON document: the one way from a version and a patch to the next version's bytes. */
export function patchBytes(
  format: 'json-patch' | 'merge-patch',
  base: Uint8Array,
  patch: Json,
  limits: PatchLimits,
): { bytes: Buffer; hash: string } {
  const document = parsePatchableDocument(base)
  const value =
    format === 'json-patch'
      ? applyJsonPatch(document, patch as unknown[], limits)
      : applyMergePatch(document, patch, limits)
  const bytes = serialise(value, limits.bytes)
  return { bytes, hash: sha256(bytes) }
}
