import { isJsonType, parseContentType, sha256, StudioError } from '@studio/kernel'
import type { Blob, Change, Content, Delta, Json, SubmitDelta, Version } from '@studio/contracts'
import { checkContent, isCheckedType } from './check-content.ts'
import { computeDiff, diffableBytes } from './compute-diff.ts'
import type { PatchLimits } from './limits.ts'
import { patchBytes } from './patch-bytes.ts'

/** Content that must be at hand before a change can be planned; null where none is needed. */
export interface NeededContent {
  /** The head's content. */
  readonly base: string | null
  /** Content that the change names by its hash, to be checked. */
  readonly staged: string | null
}

/** What is at hand: the content that `neededContent` named, and for a revert the version to go back to. */
export interface Sources {
  readonly base: Uint8Array | null
  readonly staged: Uint8Array | null
  readonly target: Version | null
}

/** What a change comes to: what its delta records and what blob is to commit. `content` null keeps the head's bytes. */
export interface PlannedChange extends Pick<Delta, 'format' | 'patch' | 'content_hash' | 'content_type' | 'size'> {
  readonly content: Content | null
}

export function neededContent(item: SubmitDelta, head: Blob | null): NeededContent {
  const { change } = item
  if (change === null || item.operation === 'delete' || item.operation === 'revert') return { base: null, staged: null }
  if (change.format !== 'replace') return { base: head?.content_hash ?? null, staged: null }
  const contentType = change.content_type ?? head?.content_type ?? ''
  if ('hash' in change.content) return { base: null, staged: isCheckedType(contentType) ? change.content.hash : null }
  return { base: head !== null && isWorthDiffing(change, head) ? head.content_hash : null, staged: null }
}

/** Plans one checked change; `head` is null for a create. Throws the StudioError that its author is to see. */
export function planChange(item: SubmitDelta, head: Blob | null, sources: Sources, limits: PatchLimits): PlannedChange {
  const { change } = item
  switch (item.operation) {
    case 'delete':
      return unchanged(head)
    case 'revert':
      return planRevert(sources.target)
    case 'create':
      if (change?.format !== 'replace') throw new StudioError('invalid_request', 'A new blob needs whole content.')
      return planReplace(change, null, sources, limits)
    case 'update':
      if (change === null) {
        if (item.metadata === null)
          throw new StudioError('invalid_request', 'An update needs content, a patch or metadata.')
        return unchanged(head)
      }
      return change.format === 'replace'
        ? planReplace(change, head, sources, limits)
        : planPatch(change, head, sources.base, limits)
  }
}

function unchanged(head: Blob | null): PlannedChange {
  const { content_hash = null, content_type = null, size = null } = head ?? {}
  return { format: 'none', patch: null, content: null, content_hash, content_type, size }
}

function planRevert(target: Version | null): PlannedChange {
  if (target === null)
    throw new StudioError('version_not_found', 'The blob has no version of this number to go back to.')
  if (target.operation === 'delete')
    throw new StudioError('version_not_found', `Version ${target.version} is a deletion; name one that has content.`)
  const { content_hash, content_type, size } = target
  return { format: 'replace', patch: null, content: { hash: content_hash }, content_hash, content_type, size }
}

function planReplace(
  change: Change & { format: 'replace' },
  head: Blob | null,
  sources: Sources,
  limits: PatchLimits,
): PlannedChange {
  const given = change.content_type ?? head?.content_type
  if (given === undefined) throw new StudioError('invalid_content_type', 'A new blob needs a content type.')
  const content_type = parseContentType(given)
  if ('hash' in change.content) {
    const { hash } = change.content
    if (isCheckedType(content_type)) {
      if (sources.staged === null)
        throw new StudioError('content_not_found', 'There is no staged content with this hash; upload it again.')
      checkContent(content_type, sources.staged)
    }
    return {
      format: 'replace',
      patch: null,
      content: change.content,
      content_hash: hash,
      content_type,
      size: sources.staged?.length ?? null,
    }
  }
  const bytes = Buffer.from(change.content.base64, 'base64')
  if (bytes.length > limits.bytes)
    throw new StudioError('body_too_large', `Content in a request may have ${limits.bytes} bytes.`)
  checkContent(content_type, bytes)
  const whole = { content: change.content, content_hash: sha256(bytes), content_type, size: bytes.length }
  const diff = sources.base === null || head?.content_type !== content_type ? null : computeDiff(sources.base, bytes)
  return diff === null ? { format: 'replace', patch: null, ...whole } : { format: 'json-patch', patch: diff, ...whole }
}

function planPatch(
  change: Exclude<Change, { format: 'replace' }>,
  head: Blob | null,
  base: Uint8Array | null,
  limits: PatchLimits,
): PlannedChange {
  if (head === null || !isJsonType(head.content_type)) {
    throw new StudioError(
      'patch_not_applicable',
      `A ${change.format} applies to JSON; this blob is ${head?.content_type ?? 'new'}. Give the whole content instead.`,
    )
  }
  if (base === null) throw new StudioError('content_not_found', 'The content of the current version is not there.')
  const { bytes, hash } = patchBytes(change.format, base, change.patch as Json, limits)
  return {
    format: change.format,
    patch: change.patch as Json,
    content: { base64: bytes.toString('base64') },
    content_hash: hash,
    content_type: head.content_type,
    size: bytes.length,
  }
}

function isWorthDiffing(change: Change & { format: 'replace' }, head: Blob): boolean {
  if (!('base64' in change.content) || !isJsonType(head.content_type) || head.deleted_at !== null) return false
  return head.size <= diffableBytes && change.content.base64.length <= (diffableBytes * 4) / 3
}
