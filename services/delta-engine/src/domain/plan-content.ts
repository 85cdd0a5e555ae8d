import { isJsonType, isTextType, parseContentType, sha256, StudioError } from '@studio/kernel'
import type { Blob, Change, Delta, Json } from '@studio/contracts'
import {
  checkContent,
  computeDiff,
  isCheckedType,
  parsePatch,
  patchBytes,
  textOperationsOf,
  type PatchLimits,
} from '@studio/deltas'
import type { PlannedContent } from './ports.ts'

/** What a change comes to: what its delta records and what blob is to commit. `content` null keeps the head's bytes. */
export interface PlannedChange extends Pick<
  Delta,
  'format' | 'patch' | 'original' | 'content_hash' | 'content_type' | 'size'
> {
  readonly content: PlannedContent | null
}

/** Content that is at hand: the version's that is changed, and what the change names by its hash. */
export interface ContentSources {
  readonly base: Uint8Array | null
  readonly staged: Uint8Array | null
}

/** What a change makes of one version's content; `head` is null for a create. */
export function planContent(
  change: Change,
  head: Blob | null,
  sources: ContentSources,
  limits: PatchLimits,
): PlannedChange {
  return change.format === 'replace'
    ? planReplace(change, head, sources, limits)
    : planPatch(change, head, sources.base, limits)
}

/** The plan that leaves the content as it is. */
export function unchanged(head: Blob | null): PlannedChange {
  const { content_hash = null, content_type = null, size = null } = head ?? {}
  return { format: 'none', patch: null, original: null, content: null, content_hash, content_type, size }
}

function planReplace(
  change: Change & { format: 'replace' },
  head: Blob | null,
  sources: ContentSources,
  limits: PatchLimits,
): PlannedChange {
  const given = change.content_type ?? head?.content_type
  if (given === undefined) throw new StudioError('invalid_content_type', 'A new blob needs a content type.')
  const content_type = parseContentType(given)
  const bytes = bytesOf(change, content_type, sources.staged, limits)
  if (bytes === null) {
    // Staged content of a type that nobody looks into.
    const { content } = change
    const content_hash = 'hash' in content ? content.hash : null
    return {
      format: 'replace',
      patch: null,
      original: null,
      content: content as PlannedContent,
      content_hash,
      content_type,
      size: null,
    }
  }
  checkContent(content_type, bytes)
  const diff =
    sources.base === null || head?.content_type !== content_type ? null : computeDiff(content_type, sources.base, bytes)
  return {
    ...(diff ?? { format: 'replace', patch: null }),
    original: null,
    content: 'hash' in change.content ? change.content : { bytes },
    content_hash: 'hash' in change.content ? change.content.hash : sha256(bytes),
    content_type,
    size: bytes.length,
  }
}

function bytesOf(
  { content }: Change & { format: 'replace' },
  contentType: string,
  staged: Uint8Array | null,
  limits: PatchLimits,
): Uint8Array | null {
  if ('hash' in content) {
    if (isCheckedType(contentType) && staged === null)
      throw new StudioError('content_not_found', 'There is no staged content with this hash; upload it again.')
    return staged
  }
  const bytes = Buffer.from(content.base64, 'base64')
  if (bytes.length > limits.bytes)
    throw new StudioError('body_too_large', `Content in a request may have ${limits.bytes} bytes.`)
  return bytes
}

function planPatch(
  { format, patch: text }: Exclude<Change, { format: 'replace' }>,
  head: Blob | null,
  base: Uint8Array | null,
  limits: PatchLimits,
): PlannedChange {
  const isForText = format === 'text' || format === 'unified-diff'
  if (head === null || !(isForText ? isTextType : isJsonType)(head.content_type)) {
    throw new StudioError(
      'patch_not_applicable',
      `A ${format} applies to ${isForText ? 'text' : 'JSON'}; this blob is ${head?.content_type ?? 'new'}. Give the whole content instead.`,
    )
  }
  if (base === null) throw new StudioError('content_not_found', 'The content of the current version is not there.')
  const kept = format === 'unified-diff' ? 'text' : format
  const patch = format === 'unified-diff' ? (textOperationsOf(text, base) as Json) : parsePatch(format, text)
  const { bytes, hash } = patchBytes(kept, base, patch, limits)
  // A text delta may leave JSON that is none.
  checkContent(head.content_type, bytes)
  return {
    format: kept,
    patch,
    original: null,
    content: { bytes },
    content_hash: hash,
    content_type: head.content_type,
    size: bytes.length,
  }
}
