import type { Blob, Overlay, OverlayChange, OverlaySide, SubmitDelta } from '@studio/contracts'
import type { PlannedChange } from './plan-content.ts'

/**
 * What a user's change leaves of the overlay of a derived blob: from here on their content stands against what the provider has made. While a conflict
 * is not settled, its base stays: what the provider has changed since is still to be looked at. Content that is the newest output is no edit.
 * Undefined where the overlay, or that there is none, is left as it is.
 */
export function overlayChangeOf(
  { settle }: SubmitDelta,
  head: Blob | null,
  standing: Overlay | null,
  { content, content_hash, content_type }: PlannedChange,
): OverlayChange | undefined {
  if (head === null || head.created_by === 'user' || content === null) return undefined
  if (content_hash === null || content_type === null) throw new TypeError('content has a hash and a type')
  const edited = { content_hash, content_type }
  const generated = standing?.generated ?? { content_hash: head.content_hash, content_type: head.content_type }
  const conflicted = standing !== null && standing.conflicted && settle === undefined
  const next = { base: conflicted ? standing.base : generated, edited, generated, conflicted }
  return {
    from_generated: standing?.generated.content_hash ?? null,
    next: isSameSide(edited, generated) ? null : withoutSizes(next),
  }
}

export function isSameSide(one: OverlaySide, other: OverlaySide): boolean {
  return one.content_hash === other.content_hash && one.content_type === other.content_type
}

/** An overlay that was read tells more of its sides than one that is written. */
export function withoutSizes({ base, edited, generated, conflicted }: Overlay): Overlay {
  return { base: sideOf(base), edited: sideOf(edited), generated: sideOf(generated), conflicted }
}

function sideOf({ content_hash, content_type }: OverlaySide): OverlaySide {
  return { content_hash, content_type }
}
