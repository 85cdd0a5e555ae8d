import { diffVersions, type VersionDiff } from '@studio/deltas'
import { StudioError } from '@studio/kernel'
import { mergeOverlay } from './merge-overlay.ts'
import { planChange } from './plan-change.ts'
import type { PlannedChange } from './plan-content.ts'

// What may run in another thread: pure functions of plain data and bytes.

export { checkContent } from '@studio/deltas'
export { mergeOverlay, planChange }

/** A plan with the JSON in it as text, which passes between threads in a third of the time. */
export interface WrittenPlan extends Omit<PlannedChange, 'patch' | 'original'> {
  readonly patchJson: string
  readonly originalJson: string
}

export function planInWriting(...given: Parameters<typeof planChange>): WrittenPlan {
  const { patch, original, ...plan } = planChange(...given)
  return { ...plan, patchJson: JSON.stringify(patch), originalJson: JSON.stringify(original) }
}

/** Bytes of a difference as JSON; a longer one is no use as a patch, which may not be longer either. */
const longestDiff = 1024 * 1024

/** `diffVersions`, of what is not too long to be told (`diff_not_expressible`). */
export function compareVersions(...given: Parameters<typeof diffVersions>): VersionDiff {
  const difference = diffVersions(...given)
  if (JSON.stringify(difference.diff).length > longestDiff)
    throw new StudioError('diff_not_expressible', 'The versions have too little in common; compare their contents.')
  return difference
}
