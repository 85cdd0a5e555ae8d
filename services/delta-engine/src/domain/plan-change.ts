import { StudioError } from '@studio/kernel'
import type { Blob, SubmitDelta, Version } from '@studio/contracts'
import { isCheckedType, isDiffable, type PatchLimits } from '@studio/deltas'
import { planContent, unchanged, type ContentSources, type PlannedChange } from './plan-content.ts'
import { planMerged, type MergeSources } from './plan-merged.ts'

/** Content that must be at hand before a change can be planned; null where none is needed. */
export interface NeededContent {
  /** The head's content. */
  readonly base: string | null
  /** Content that the change names by its hash, to be checked. */
  readonly staged: string | null
}

/**
 * What is at hand: the content that `neededContent` named; for a revert the version to go back to; for a change that has to be merged what
 * came since its version.
 */
export interface Sources extends ContentSources {
  readonly target: Version | null
  readonly merge: MergeSources | null
}

export function neededContent(item: SubmitDelta, head: Blob | null): NeededContent {
  const { change } = item
  if (change === null || item.operation === 'delete' || item.operation === 'revert') return { base: null, staged: null }
  if (change.format !== 'replace') return { base: head?.content_hash ?? null, staged: null }
  const contentType = change.content_type ?? head?.content_type ?? ''
  return {
    base:
      head !== null && head.content_type === contentType && isDiffable(contentType, head.size)
        ? head.content_hash
        : null,
    staged: 'hash' in change.content && isCheckedType(contentType) ? change.content.hash : null,
  }
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
      return planContent(change, null, sources, limits)
    case 'update':
      if (head !== null && sources.merge !== null) return planMerged(item, head, sources, sources.merge, limits)
      if (change !== null) return planContent(change, head, sources, limits)
      if (
        item.metadata === null &&
        item.conflict_policy === null &&
        item.providers === null &&
        item.publication === null
      )
        throw new StudioError('invalid_request', 'An update needs content, a patch or metadata.')
      return unchanged(head)
  }
}

function planRevert(target: Version | null): PlannedChange {
  if (target === null)
    throw new StudioError('version_not_found', 'The blob has no version of this number to go back to.')
  if (target.operation === 'delete')
    throw new StudioError('version_not_found', `Version ${target.version} is a deletion; name one that has content.`)
  if (target.purged)
    throw new StudioError('content_purged', `Version ${target.version} has been purged; name another one.`)
  const { content_hash, content_type, size } = target
  const content = { hash: content_hash }
  return { format: 'replace', patch: null, original: null, content, content_hash, content_type, size }
}
