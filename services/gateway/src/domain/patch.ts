import { JsonPatchOperation, type Change } from '@studio/contracts'
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
  refuseLostNumbers(parsed.data)
  return { format: 'json-patch', patch: parsed.data }
}

/** A JSON Merge Patch (RFC 7396): any JSON value. */
export function mergePatch(document: unknown): Change {
  refuseLostNumbers(document)
  return { format: 'merge-patch', patch: document as z.infer<ReturnType<typeof z.json>> }
}

/** 1e400 is JSON, but not a number here: JSON.parse makes Infinity of it, and the next JSON.stringify null. */
function refuseLostNumbers(document: unknown): void {
  const open = [document]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new StudioError('malformed_patch', 'The patch holds a number that is too large to be kept exactly.')
    }
    if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) open.push(member)
  }
}
