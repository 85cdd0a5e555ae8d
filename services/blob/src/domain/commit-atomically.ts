import type { AtomicOutcome, Commit, CommitOutcome } from '@studio/contracts'
import {
  inOrder,
  judgedAt,
  lostTooOften,
  outcomesOf,
  patience,
  refusalOf,
  writtenOf,
  type CommittedBefore,
  type Written,
} from './commit-outcomes.ts'
import type { BlobStore, RunBatch } from './ports.ts'

/** What one transaction came to. `refused`: the first item of the list that cannot go in. */
interface Settled {
  written: Map<number, Written>
  before: CommittedBefore[]
  refused: { position: number; outcome: CommitOutcome } | null
}

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
  const batch = await store.openBatch(commits)
  for (let attempt = 0; attempt <= patience; attempt++) {
    const settled = await batch.runTogether(
      (run) => settle(run, commits),
      ({ refused }) => refused === null,
    )
    if (settled === null) continue
    const { written, before, refused } = settled
    if (refused) return { status: 'refused', ...refused }
    if (written.size > 0) onWritten([...written.values()])
    const outcomes = await outcomesOf(store, before)
    for (const [place, { outcome }] of written) outcomes.set(place, outcome)
    return { status: 'committed', items: inOrder(commits, outcomes) }
  }
  throw lostTooOften()
}

async function settle(run: RunBatch, commits: readonly Commit[]): Promise<Settled> {
  const settled: Settled = { written: new Map(), before: [], refused: null }
  // Behind the first refusal nothing matters any more; before it another one may still come up.
  const isOpen = (place: number): boolean => settled.refused === null || place < settled.refused.position

  for (const wave of wavesOf(commits)) {
    const doubted = new Set<number>()
    for (let pending = wave.filter(isOpen); pending.length > 0; pending = pending.filter(isOpen)) {
      const judgements = await run(pending)
      const next: number[] = []
      pending.forEach((place, index) => {
        const { commit, judgement } = judgedAt(commits, place, judgements[index])
        if (judgement.verdict === 'written') settled.written.set(place, writtenOf(commit, judgement))
        else if (judgement.verdict === 'committed') settled.before.push({ place, commit, ...judgement })
        else if (judgement.verdict === 'again') next.push(place)
        else if (judgement.verdict === 'refused' || doubted.has(place)) {
          if (isOpen(place)) settled.refused = { position: place, outcome: refusalOf(judgement) }
        } else {
          // Whoever was first may have been this very delta, so a fresh look is needed.
          doubted.add(place)
          next.push(place)
        }
      })
      pending = next
    }
  }
  return settled
}

/** The places of the commits, those of one blob in waves of their own: each commit is judged on the head that the one before it made. */
function wavesOf(commits: readonly Commit[]): number[][] {
  const waves: number[][] = []
  const seen = new Map<string, number>()
  commits.forEach(({ blob_id }, place) => {
    const wave = seen.get(blob_id) ?? 0
    seen.set(blob_id, wave + 1)
    ;(waves[wave] ??= []).push(place)
  })
  return waves
}
