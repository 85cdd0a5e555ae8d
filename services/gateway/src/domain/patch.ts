import { JsonPatchOperation, type Change, type Json } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { z } from 'zod'

// What is checked here is the form only; the operations themselves are judged by delta-engine, against the version that they change.
const operations = z.array(JsonPatchOperation)

/** A JSON Patch (RFC 6902): an array of operations, or one operation alone. Throws `malformed_patch`. */
export function jsonPatch(document: unknown): Change {
  const parsed = operations.safeParse(Array.isArray(document) ? document : [document])
  if (!parsed.success) {
    throw new StudioError('malformed_patch', 'Send an array of operations, each an object with `op` and `path`.', {
      cause: parsed.error,
    })
  }
  return { format: 'json-patch', patch: parsed.data }
}

/** A JSON Merge Patch (RFC 7396): any JSON value. */
export function mergePatch(document: unknown): Change {
  return { format: 'merge-patch', patch: document as Json }
}
