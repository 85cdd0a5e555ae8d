import { parseStrictJson, StudioError } from '@studio/kernel'
import type { Json } from '@studio/contracts'

/**
 * The patch document that its author sent as JSON text; throws what `parseStrictJson` does. A JSON Patch (RFC 6902) is a list of operations,
 * or one operation alone, which is a list of one (`malformed_patch` for anything else); its operations are judged when they are applied.
 */
export function parsePatch(format: 'json-patch' | 'merge-patch' | 'text', text: string): Json {
  const patch = parseStrictJson(text)
  if (format !== 'json-patch' || Array.isArray(patch)) return patch
  if (typeof patch === 'object' && patch !== null) return [patch]
  throw new StudioError('malformed_patch', 'Send an array of operations, or one operation.', {
    extensions: { errors: [{ pointer: '', detail: 'must be an array of operations, or one operation' }] },
  })
}
