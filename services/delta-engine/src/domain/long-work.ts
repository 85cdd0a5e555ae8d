import { diffVersions, type VersionDiff } from '@studio/deltas'
import { StudioError } from '@studio/kernel'

// What may run in another thread: pure functions of plain data and bytes.

export { checkContent } from '@studio/deltas'
export { planChange } from './plan-change.ts'

/** Bytes of a difference as JSON; a longer one is no use as a patch, which may not be longer either. */
const longestDiff = 1024 * 1024

/** `diffVersions`, of what is not too long to be told (`diff_not_expressible`). */
export function compareVersions(...given: Parameters<typeof diffVersions>): VersionDiff {
  const difference = diffVersions(...given)
  if (JSON.stringify(difference.diff).length > longestDiff)
    throw new StudioError('diff_not_expressible', 'The versions have too little in common; compare their contents.')
  return difference
}
