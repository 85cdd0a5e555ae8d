import type { Commit, CommitOutcome } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import type { BlobStore, Judgement } from './ports.ts'

/** Runs without progress after which a batch is given up: each stands for a race lost against somebody who won it. */
const patience = 25

/** A version that was made. */
export interface Written {
  commit: Commit
  outcome: CommitOutcome & { status: 'committed' }
}

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
  const committedBefore: { place: number; version: number; version_id: string }[] = []
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
      const judgement = judgements[index]
      const commit = commits[place]
      if (judgement === undefined || commit === undefined) throw new TypeError('a batch answers for each of its items')
      if (judgement.verdict === 'written') {
        const { blob } = judgement
        const outcome = { status: 'committed', version: blob.version, version_id: blob.version_id, blob } as const
        outcomes.set(place, outcome)
        written.push({ commit, outcome })
        moving.add(commit.blob_id)
      } else if (judgement.verdict === 'committed') {
        committedBefore.push({ place, version: judgement.version, version_id: judgement.version_id })
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
    if (fruitless > patience)
      throw new StudioError('timeout', 'Other writers came first too often; send the commits again.')
    pending = next
  }

  const heads = await store.readBlobs(committedBefore.map(({ place }) => referenceOf(commits, place)))
  committedBefore.forEach(({ place, version, version_id }, index) => {
    const blob = heads[index]
    if (!blob) throw new TypeError('a committed version has a blob')
    outcomes.set(place, { status: 'committed', version, version_id, blob })
  })
  return commits.map((_commit, place) => {
    const outcome = outcomes.get(place)
    if (outcome === undefined) throw new TypeError('each commit has an outcome')
    return outcome
  })
}

type Refusal = Exclude<Judgement, { verdict: 'written' | 'committed' | 'again' }>

/** Whether an earlier item of the same batch can still make room for this commit. Versions only grow: what is behind the head stays so. */
function mayFitLater(commit: Commit, judgement: Refusal): boolean {
  return judgement.verdict !== 'conflict' || commit.from_version > judgement.head_version
}

function refusalOf(judgement: Refusal): CommitOutcome {
  return judgement.verdict === 'conflict' || judgement.verdict === 'deleted'
    ? { status: judgement.verdict, head_version: judgement.head_version }
    : { status: judgement.verdict }
}

function referenceOf(commits: readonly Commit[], place: number): { tenant_id: string; blob_id: string } {
  const commit = commits[place]
  if (commit === undefined) throw new TypeError('no such place in the batch')
  return commit
}
