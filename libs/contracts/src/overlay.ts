import { z } from 'zod'
import { BlobReference, Sha256, VersionNumber } from './common.ts'

/** A content, as it stands for one side of a merge. */
export const OverlaySide = z.object({ content_hash: Sha256, content_type: z.string() })
export type OverlaySide = z.infer<typeof OverlaySide>

/**
 * A user's edit of a derived blob: they made `edited` of `base`, and `generated` is what the provider has made last. The blob holds what merging the
 * three gives, or `edited` where that is `conflicted`.
 */
export const Overlay = z.object({
  base: OverlaySide,
  edited: OverlaySide,
  generated: OverlaySide,
  conflicted: z.boolean(),
})
export type Overlay = z.infer<typeof Overlay>

/** edited: the blob holds a user's edit, merged with what its provider makes · conflicted: the two change the same place, and the user's stands until somebody settles it. */
export const OverlayState = z.enum(['edited', 'conflicted'])
export type OverlayState = z.infer<typeof OverlayState>

/** What becomes of a blob's overlay with a change of its content. `from_generated`: the `generated` of the overlay on which it was planned, null for none. `next` null: it ends. */
export const OverlayChange = z.object({ from_generated: Sha256.nullable(), next: Overlay.nullable() })
export type OverlayChange = z.infer<typeof OverlayChange>

const StoredSide = OverlaySide.extend({
  /** In bytes. */
  size: z.int().min(0),
  /** The newest version of the blob that has this content; null where none has it by itself. */
  version: VersionNumber.nullable(),
})

/** The overlay of a blob at its head, `version`. */
export const StoredOverlay = Overlay.extend({
  version: VersionNumber,
  base: StoredSide,
  edited: StoredSide,
  generated: StoredSide,
})
export type StoredOverlay = z.infer<typeof StoredOverlay>

/** A provider's newest output that changes nothing of what a blob holds: only the overlay of version `from_version` learns of it. `fence` as in a commit. */
export const OverlayMove = BlobReference.extend({
  from_version: VersionNumber,
  from_generated: Sha256,
  fence: z.int().min(1),
  generated: OverlaySide,
  conflicted: z.boolean(),
})
export type OverlayMove = z.infer<typeof OverlayMove>

/** How a user settles what stands: `generated` takes the provider's output and ends the overlay; `edited` has their edit stand against it; `content` is a new edit of it. */
export const Take = z.enum(['generated', 'edited', 'content'])
export type Take = z.infer<typeof Take>
