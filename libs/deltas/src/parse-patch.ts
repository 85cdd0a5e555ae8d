import { jsonExtent, parseStrictJson, StudioError } from '@studio/kernel'
import type { Json } from '@studio/contracts'
import { maximumPatchExtent } from './limits.ts'

/**
 * The patch document that its author sent as JSON text; throws what `parseStrictJson` does. A JSON Patch (RFC 6902) is a list of operations,
 * or one operation alone, which is a list of one (`malformed_patch` for anything else); its operations are judged when they are applied.
 * `patch_too_large` for more than 65,536 arrays, objects and members.
 */
export function parsePatch(format: 'json-patch' | 'merge-patch' | 'text', text: string): Json {
  const patch = parseStrictJson(text)
  if (jsonExtent(patch) > maximumPatchExtent) {
    throw new StudioError(
      'patch_too_large',
      `A patch may have ${maximumPatchExtent} arrays, objects and members together; give the whole content instead.`,
    )
  }
  if (format !== 'json-patch' || Array.isArray(patch)) return patch
  if (typeof patch === 'object' && patch !== null) return [patch]
  throw new StudioError('malformed_patch', 'Send an array of operations, or one operation.', {
    extensions: { errors: [{ pointer: '', detail: 'must be an array of operations, or one operation' }] },
  })
}
