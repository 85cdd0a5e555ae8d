import { StudioError } from '@studio/kernel'
import type { Blob, SubmitDelta } from '@studio/contracts'

/** Throws where a user may not change this head like that; answers the head. A blob of another tenant is a missing one. */
export function checkTarget(item: SubmitDelta, head: Blob | null): Blob {
  if (head === null) throw new StudioError('blob_not_found', 'There is no blob with this id.')
  if (head.deleted_at !== null && item.operation !== 'revert') {
    throw new StudioError('blob_deleted', 'The blob has been deleted; go back to one of its versions to restore it.')
  }
  if (head.created_by !== 'user') {
    throw new StudioError(
      'derived_blob_read_only',
      `This blob is written by ${head.created_by}; change what it is made from.`,
    )
  }
  if (item.from_version !== null && item.from_version !== head.version) throw versionMismatch(item, head.version)
  return head
}

/** The error for a change that was made for another version than the current one. */
export function versionMismatch(
  item: Pick<SubmitDelta, 'from_version' | 'expected'>,
  currentVersion: number,
): StudioError {
  const code = item.from_version !== null && item.expected === 'if_match' ? 'precondition_failed' : 'version_conflict'
  return new StudioError(code, `The current version is ${currentVersion}. Read it, and make the change on top of it.`, {
    extensions: { expected_version: item.from_version, current_version: currentVersion },
  })
}
