import type { Commit, CommitOutcome } from '@studio/contracts'
import {
  judgedAt,
  lostTooOften,
  patience,
  refusalOf,
  writtenOf,
  type CommittedBefore,
  type Refusal,
  type Written,
} from './commit-outcomes.ts'
import type { Chains, RunBatch } from './ports.ts'

/** What became of the items of a batch, by place: what was decided now, and what was committed before. */
export interface Settled {
  readonly outcomes: Map<number, CommitOutcome>
  readonly before: readonly CommittedBefore[]
}

/**
 * Runs a batch until each of its items is settled, on its own. Those that meet (one blob, or one delta twice) go one after another in the
 * order of the batch; those of one chain in one run.
 *
 * @param onWritten is told of each version that a run made.
 * @throws `timeout` when races against other writers were lost again and again; the call may be repeated.
 */
export async function settleCommits(
  run: RunBatch,
  chains: Chains,
  commits: readonly Commit[],
  onWritten: (written: Written[]) => void,
): Promise<Settled> {
  const outcomes = new Map<number, CommitOutcome>()
  const before: CommittedBefore[] = []
  const doubted = new Set<number>()
  let pending = chains
  let fruitless = 0

  while (pending.length > 0) {
    const running = firstOfEachBlob(pending)
    const places = running.flat().sort((one, other) => one - other)
    const judgements = await run(running)
    const next = new Set<number>()
    const written: Written[] = []
    // Blobs whose head may still be moved, or was moved in this run, by an item that comes earlier in the batch.
    const moving = new Set<string>()
    // Whoever was first may have been this very delta, so a fresh look is needed; an earlier item may still make room for this one.
    const isCertain = (judgement: Refusal, place: number, commit: Commit): boolean =>
      judgement.verdict === 'refused' ||
      (doubted.has(place) && !(moving.has(commit.blob_id) && mayFitLater(commit, judgement)))
    for (const place of places) {
      const { commit, judgement } = judgedAt(commits, place, judgements.get(place))
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
        next.add(place)
        moving.add(commit.blob_id)
      }
    }
    if (written.length > 0) onWritten(written)
    fruitless = [...judgements.values()].every(({ verdict }) => verdict === 'again') ? fruitless + 1 : 0
    if (fruitless > patience) throw lostTooOften()
    const ran = new Set(places)
    pending = pending
      .map((chain) => chain.filter((place) => next.has(place) || !ran.has(place)))
      .filter((chain) => chain.length > 0)
  }
  return { outcomes, before }

  function firstOfEachBlob(waiting: Chains): Chains {
    const taken = new Set<string>()
    // Where an item of a blob is in doubt those behind it are likely to be so, and are judged at the same time, each on the head as it is.
    const doubtedBlobs = new Set([...doubted].map((place) => commits[place]?.blob_id))
    return waiting.flatMap((chain) => {
      const blob_id = commits[chain[0] ?? 0]?.blob_id ?? ''
      if (doubtedBlobs.has(blob_id)) return chain.map((place) => [place])
      if (taken.has(blob_id)) return []
      taken.add(blob_id)
      return [chain]
    })
  }
}

/** Whether an earlier item of the same batch can still make room for this commit. Versions only grow: what is behind the head stays so. */
function mayFitLater(commit: Commit, judgement: Refusal): boolean {
  return judgement.verdict !== 'conflict' || commit.from_version > judgement.head_version
}
