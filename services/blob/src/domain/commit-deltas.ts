import type { Commit, CommitOutcome } from '@studio/contracts'
import {
  inOrder,
  judgedAt,
  lostTooOften,
  outcomesOf,
  patience,
  refusalOf,
  writtenOf,
  type CommittedBefore,
  type Refusal,
  type Written,
} from './commit-outcomes.ts'
import type { BlobStore } from './ports.ts'

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
  const batch = await store.openBatch(commits)
  const outcomes = new Map<number, CommitOutcome>()
  const before: CommittedBefore[] = []
  const doubted = new Set<number>()
  let pending = commits.map((_commit, place) => place)
  let fruitless = 0

  while (pending.length > 0) {
    const judgements = await batch.run(pending)
    const next: number[] = []
    const written: Written[] = []
    // Blobs whose head may still be moved, or was moved in this run, by an item that comes earlier in the batch.
    const moving = new Set<string>()
    // Whoever was first may have been this very delta, so a fresh look is needed; an earlier item may still make room for this one.
    const isCertain = (judgement: Refusal, place: number, commit: Commit): boolean =>
      judgement.verdict === 'refused' ||
      (doubted.has(place) && !(moving.has(commit.blob_id) && mayFitLater(commit, judgement)))
    pending.forEach((place, index) => {
      const { commit, judgement } = judgedAt(commits, place, judgements[index])
      if (judgement.verdict === 'written') {
        const made = writtenOf(commit, judgement)
        outcomes.set(place, made.outcome)
        written.push(made)
        moving.add(commit.blob_id)
      } else if (judgement.verdict === 'committed') {
        before.push({ place, commit, version: judgement.version, version_id: judgement.version_id })
      } else if (judgement.verdict !== 'again' && isCertain(judgement, place, commit)) {
        outcomes.set(place, refusalOf(judgement))
      } else {
        if (judgement.verdict !== 'again') doubted.add(place)
        next.push(place)
        moving.add(commit.blob_id)
      }
    })
    if (written.length > 0) onWritten(written)
    fruitless = judgements.every(({ verdict }) => verdict === 'again') ? fruitless + 1 : 0
    if (fruitless > patience) throw lostTooOften()
    pending = next
  }
  return inOrder(commits, new Map([...outcomes, ...(await outcomesOf(store, before))]))
}

/** Whether an earlier item of the same batch can still make room for this commit. Versions only grow: what is behind the head stays so. */
function mayFitLater(commit: Commit, judgement: Refusal): boolean {
  return judgement.verdict !== 'conflict' || commit.from_version > judgement.head_version
}
