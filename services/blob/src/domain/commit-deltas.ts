import type { Commit, CommitOutcome } from '@studio/contracts'
import { inOrder, outcomesOf, type Written } from './commit-outcomes.ts'
import type { BlobStore } from './ports.ts'
import { settleCommits } from './settle-commits.ts'

/**
 * Commits deltas, each on its own, and answers in their order. A delta that was committed before is answered as it was then. Items of
 * one batch that meet (one blob, or one delta twice) go one after another in the order of the batch.
 *
 * @param onWritten is told of each version that this call made.
 * @throws `timeout` when races against other writers were lost again and again; the call may be repeated.
 */
export async function commitDeltas(
  store: BlobStore,
  commits: readonly Commit[],
  onWritten: (written: Written[]) => void,
): Promise<CommitOutcome[]> {
  const { run, chains } = await store.openBatch(commits)
  const { outcomes, before } = await settleCommits(run, chains, commits, onWritten)
  return inOrder(commits, new Map([...outcomes, ...(await outcomesOf(store, before))]))
}
