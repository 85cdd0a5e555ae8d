import { sha256 } from '@studio/kernel'
import type { Json } from '@studio/contracts'
import { applyJsonPatch } from './json/apply-json-patch.ts'
import { applyMergePatch } from './json/apply-merge-patch.ts'
import { parsePatchableDocument, serialise } from './json/json-document.ts'
import type { PatchLimits } from './limits.ts'
import { applyText } from './text/apply-text.ts'
import { parseTextOperations } from './text/text-operations.ts'

export type PatchFormat = 'json-patch' | 'merge-patch' | 'text'

/**
 * Applies a patch to a version's bytes: the one way from a version and a patch to the next version's bytes. The result of a text delta is
 * UTF-8, that of a JSON patch what `serialise` makes of it. Throws what the format's own function throws.
 */
export function patchBytes(
  format: PatchFormat,
  base: Uint8Array,
  patch: Json,
  limits: PatchLimits,
): { bytes: Buffer; hash: string } {
  const bytes = apply(format, base, patch, limits)
  return { bytes, hash: sha256(bytes) }
}

function apply(format: PatchFormat, base: Uint8Array, patch: Json, limits: PatchLimits): Buffer {
  switch (format) {
    case 'text':
      return applyText(base, parseTextOperations(patch), limits)
    // The document was parsed for this patch alone, and is thrown away where the patch fails.
    case 'json-patch':
      return serialise(applyJsonPatch(parsePatchableDocument(base), patch as unknown[], limits), limits.bytes)
    case 'merge-patch':
      return serialise(applyMergePatch(parsePatchableDocument(base), patch, limits), limits.bytes)
  }
}
