import type { AtomicOutcome, Commit, CommitOutcome } from '@studio/contracts'
import { inOrder, lostTooOften, outcomesOf, patience, type Written } from './commit-outcomes.ts'
import type { BlobStore } from './ports.ts'
import { settleCommits } from './settle-commits.ts'

/**
 * Commits all deltas of a list or none of them, in one transaction. Those of one blob follow each other in the order of the list. What was
 * committed before (the whole list, when it is said again) is answered as it was then.
 *
 * @param onWritten is told of the versions that this call made.
 * @throws `timeout` when races against other writers were lost again and again; the call may be repeated.
 */
export async function commitAtomically(
  store: BlobStore,
  commits: readonly Commit[],
  onWritten: (written: Written[]) => void,
): Promise<AtomicOutcome> {
  const { runTogether, chains } = await store.openBatch(commits)
  for (let attempt = 0; attempt <= patience; attempt++) {
    const settled = await runTogether(
      async (run) => {
        const written: Written[] = []
        const { outcomes, before } = await settleCommits(run, chains, commits, (made) => written.push(...made))
        return { outcomes, before, written, refused: firstRefused(outcomes) }
      },
      ({ refused }) => refused === null,
    )
    if (settled === null) continue
    const { outcomes, before, written, refused } = settled
    if (refused) return { status: 'refused', ...refused }
    if (written.length > 0) onWritten(written)
    return {
      status: 'committed',
      items: inOrder(commits, new Map([...outcomes, ...(await outcomesOf(store, before))])),
    }
  }
  throw lostTooOften()
}

/** The first item of the list that cannot go in. */
function firstRefused(
  outcomes: ReadonlyMap<number, CommitOutcome>,
): { position: number; outcome: CommitOutcome } | null {
  const refused = [...outcomes].filter(([, { status }]) => status !== 'committed').sort(([a], [b]) => a - b)[0]
  return refused === undefined ? null : { position: refused[0], outcome: refused[1] }
}
