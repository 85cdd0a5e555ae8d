import { StudioError } from '@studio/kernel'
import { usedBefore } from './find-recorded.ts'
import type { DeltaStore } from './ports.ts'
import { pendingOf, type Work } from './work.ts'

/**
 * Writes the rows that say what is about to be done, or brings those of an earlier try up to date. Answers the works without a row: another
 * request took their key or id since they were looked up.
 */
export async function writePending(store: DeltaStore, works: readonly Work[]): Promise<Work[]> {
  const again = works.filter(({ submission }) => submission.written)
  const fresh = works.filter(({ submission }) => !submission.written)
  if (again.length > 0) await store.rebasePending(again.map(pendingOf))
  if (fresh.length === 0) return []
  const written = await store.insertPending(fresh.map(pendingOf))
  // Where two of them have one id, the row is that of the first.
  for (const { submission } of fresh) submission.written = written.delete(submission.delta_id)
  return fresh.filter(({ submission }) => !submission.written)
}

/** Whoever took the key has failed since, and given it back; an id that is taken stays so. */
export function beatenError({ submission: { item } }: Work): StudioError {
  return item.delta_id === null
    ? new StudioError('version_conflict', 'Another request with this key has just failed; send this one again.')
    : usedBefore()
}
