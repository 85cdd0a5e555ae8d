import { StudioError } from '@studio/kernel'
import type { Blob, SubmitDelta } from '@studio/contracts'

/** A head that a user's change may go on, and whether the change has to be merged into what came since its version. */
export interface Target {
  readonly head: Blob
  readonly merges: boolean
}

/** Throws where a user may not change this head like that. A blob of another tenant is a missing one. */
export function checkTarget(item: SubmitDelta, head: Blob | null): Target {
  if (head === null) throw new StudioError('blob_not_found', 'There is no blob with this id.')
  if (head.purged_at !== undefined)
    throw new StudioError('content_purged', 'The blob has been purged; it cannot come back.')
  if (head.deleted_at !== null && item.operation !== 'revert') {
    throw new StudioError('blob_deleted', 'The blob has been deleted; go back to one of its versions to restore it.')
  }
  if (head.created_by !== 'user' && item.publication !== null)
    throw new StudioError('publication_of_sources_only', 'Choose it for the sources that this blob is derived from.')
  if (head.created_by !== 'user' && (item.operation === 'delete' || head.deleted_at !== null)) {
    throw new StudioError(
      'derived_blob_read_only',
      item.operation === 'delete'
        ? `This blob is made by ${head.created_by}, which would make it again; remove its derivation, or delete what it is made from.`
        : 'This blob went with what it is made from, and comes back with it: restore that.',
    )
  }
  const { from_version } = item
  if (from_version === null || from_version === head.version) return { head, merges: false }
  if (from_version > head.version || !yields(item, head)) throw versionMismatch(item, head.version)
  // A deletion, a revert and a settlement mean the whole blob: there is nothing to merge, only who comes last.
  if (item.operation === 'update' && item.settle === undefined) return { head, merges: true }
  if (policyOf(item, head) === 'last-write-wins') return { head, merges: false }
  throw versionMismatch(item, head.version, 'A deletion, a revert or a settlement is never merged. ')
}

/** Whether a change may be made on another version than the one it names. If-Match is a condition, whatever the policy. */
export function yields(item: SubmitDelta, head: Blob): boolean {
  return item.from_version === null || (item.expected !== 'if_match' && policyOf(item, head) !== 'reject')
}

export function policyOf(item: SubmitDelta, head: Blob): Blob['conflict_policy'] {
  return item.conflict ?? head.conflict_policy
}

/** The error for a change that was made for another version than the current one. */
export function versionMismatch(
  item: Pick<SubmitDelta, 'from_version' | 'expected'>,
  currentVersion: number,
  why = '',
): StudioError {
  const code = item.from_version !== null && item.expected === 'if_match' ? 'precondition_failed' : 'version_conflict'
  const advice = `${why}The current version is ${currentVersion}. Read it, and make the change on top of it.`
  return new StudioError(code, advice, {
    extensions: { expected_version: item.from_version, current_version: currentVersion },
  })
}
