import { sha256, StudioError } from '@studio/kernel'
import type { Delta } from '@studio/contracts'
import { defaultPatchLimits } from './limits.ts'
import { patchBytes } from './patch-bytes.ts'

/** What replaying needs of a delta. */
export type Replayed = Pick<Delta, 'format' | 'patch' | 'content_hash' | 'to_version'>

/**
 * Replays a blob's applied deltas, oldest first and from version 1, to the bytes of the last one. `contentOf` gives whole contents by hash.
 * Every step is checked against the hash that its delta recorded; one that differs throws `internal_error`, missing content `content_not_found`.
 */
export function materialise(
  deltas: readonly Replayed[],
  contentOf: (hash: string) => Uint8Array | undefined,
): Uint8Array {
  let bytes: Uint8Array | undefined
  for (const [index, delta] of deltas.entries()) {
    if (delta.to_version !== index + 1)
      throw new StudioError('internal_error', `The deltas have a hole before version ${delta.to_version}.`)
    bytes = nextBytes(bytes, delta, contentOf)
    if (sha256(bytes) !== delta.content_hash)
      throw new StudioError('internal_error', `Version ${delta.to_version} does not have the recorded hash.`)
  }
  if (bytes === undefined) throw new StudioError('version_not_found', 'There is no delta to replay.')
  return bytes
}

function nextBytes(
  previous: Uint8Array | undefined,
  delta: Replayed,
  contentOf: (hash: string) => Uint8Array | undefined,
): Uint8Array {
  if (delta.format === 'replace') {
    const content = delta.content_hash === null ? undefined : contentOf(delta.content_hash)
    if (content === undefined)
      throw new StudioError('content_not_found', `The content of version ${delta.to_version} is not there.`)
    return content
  }
  if (previous === undefined)
    throw new StudioError('internal_error', `Version ${delta.to_version} has nothing to build on.`)
  return delta.format === 'none' ? previous : patchBytes(delta.format, previous, delta.patch, defaultPatchLimits).bytes
}
