import { isStudioError } from '@studio/kernel'
import type { OverlaySide } from '@studio/contracts'
import { changeByPlaces, merge, type PatchLimits } from '@studio/deltas'
import { isSameSide } from './overlay-change.ts'

/** One side with its bytes; null: they are not looked at, since they cannot be taken apart. */
export interface SideContent extends OverlaySide {
  readonly bytes: Uint8Array | null
}

export interface OverlayContents {
  readonly base: SideContent
  readonly edited: SideContent
  readonly generated: SideContent
}

/** What a blob is to hold under a user's edit: one side as it is, bytes made of both, or in a conflict the user's side as a whole. */
export type MergedOverlay =
  | { readonly outcome: 'edited' | 'generated' | 'conflicted' }
  | { readonly outcome: 'merged'; readonly bytes: Uint8Array }

/** Merging knows authors by ids: what both put in at one place stands in their order, the user's first. */
const user = { id: '0', version: 2, saw: 1 }
const provider = { id: '1', version: 3, saw: 1 }

/**
 * merge3(base, edited, generated): what the user made of the base and what the provider has made since, both as changes of the base (docs/adr/0008).
 * A conflict is one of the whole: contents of two types, binary or large ones, documents that take no patch, and changes of one place.
 */
export function mergeOverlay({ base, edited, generated }: OverlayContents, limits: PatchLimits): MergedOverlay {
  if (isSameSide(generated, base)) return { outcome: 'edited' }
  if (isSameSide(edited, base) || isSameSide(edited, generated)) return { outcome: 'generated' }
  const { content_type: contentType } = base
  const isOneType = edited.content_type === contentType && generated.content_type === contentType
  if (!isOneType || !base.bytes || !edited.bytes || !generated.bytes) return { outcome: 'conflicted' }
  try {
    const merged = merge(
      {
        contentType,
        base: base.bytes,
        history: [{ ...user, change: changeByPlaces(contentType, base.bytes, edited.bytes) }],
        head: edited.bytes,
        incoming: { ...provider, change: changeByPlaces(contentType, base.bytes, generated.bytes) },
        made: generated.bytes,
      },
      limits,
    )
    return merged.outcome === 'merged' && merged.conflicts.length === 0
      ? { outcome: 'merged', bytes: merged.bytes }
      : { outcome: 'conflicted' }
  } catch (error) {
    // Too much work, or a document that nobody may write anew: it is not taken apart.
    if (isStudioError(error) && !isStudioError(error, 'internal_error')) return { outcome: 'conflicted' }
    throw error
  }
}
