import { StudioError } from '@studio/kernel'
import type { Overlay, OverlaySide, SubmitDelta } from '@studio/contracts'
import type { PlannedChange } from './plan-content.ts'

/** Throws where a change would settle what is not there, or an output that its author has not seen. */
export function checkSettlement({ settle }: SubmitDelta, standing: Overlay | null): void {
  if (settle === undefined) return
  if (standing === null)
    throw new StudioError('overlay_not_found', 'The blob holds what its provider made: there is nothing to settle.')
  const { content_hash } = standing.generated
  if (settle.generated_hash === null || settle.generated_hash === content_hash) return
  throw new StudioError(
    'version_conflict',
    'The provider has made something newer meanwhile. Read the overlay again, and settle that.',
    { extensions: { expected_generated: settle.generated_hash, current_generated: content_hash } },
  )
}

/** The plan that takes one side of an overlay; null for all other changes. */
export function planSettlement({ settle }: SubmitDelta, standing: Overlay | null): PlannedChange | null {
  if (settle === undefined || standing === null) return null
  switch (settle.take) {
    case 'generated':
      return takeOf(standing.generated)
    case 'edited':
      return takeOf(standing.edited)
    case 'content':
      return null
  }
}

function takeOf({ content_hash, content_type }: OverlaySide): PlannedChange {
  const content = { hash: content_hash }
  return { format: 'replace', patch: null, original: null, content, content_hash, content_type, size: null }
}
