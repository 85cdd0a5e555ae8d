import type { Commit, CommitOutcome } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import type { BlobStore, Judgement } from './ports.ts'

/** Runs without progress after which commits are given up: each stands for a race lost against somebody who won it. */
export const patience = 25

/** The error of a caller whose every race was lost. */
export const lostTooOften = (): StudioError =>
  new StudioError('timeout', 'Other writers came first too often; send the commits again.')

type Committed = CommitOutcome & { status: 'committed' }

/** A version that was made. */
export interface Written {
  commit: Commit
  outcome: Committed
}

/** A verdict that stands against a commit. */
export type Refusal = Exclude<Judgement, { verdict: 'written' | 'committed' | 'again' }>

export function refusalOf(judgement: Refusal): CommitOutcome {
  return 'head_version' in judgement
    ? { status: judgement.verdict, head_version: judgement.head_version }
    : { status: judgement.verdict }
}

export function writtenOf(commit: Commit, { blob }: Judgement & { verdict: 'written' }): Written {
  return { commit, outcome: { status: 'committed', version: blob.version, version_id: blob.version_id, blob } }
}

/** A commit that was made before, by the same delta. */
export interface CommittedBefore {
  place: number
  commit: Commit
  version: number
  version_id: string
}

/** The outcomes of commits that were made before, by their places: their own versions, and the blobs as they are now. */
export async function outcomesOf(
  store: BlobStore,
  before: readonly CommittedBefore[],
): Promise<Map<number, CommitOutcome>> {
  const heads = await store.readBlobs(before.map(({ commit }) => commit))
  return new Map(
    before.map(({ place, version, version_id }, index) => {
      const blob = heads[index]
      if (!blob) throw new TypeError('a committed version has a blob')
      return [place, { status: 'committed', version, version_id, blob }]
    }),
  )
}

/** One outcome for each commit, in their order. */
export function inOrder(commits: readonly Commit[], outcomes: ReadonlyMap<number, CommitOutcome>): CommitOutcome[] {
  return commits.map((_commit, place) => {
    const outcome = outcomes.get(place)
    if (outcome === undefined) throw new TypeError('each commit has an outcome')
    return outcome
  })
}

/** The item of a batch at a place, with what a run said of it. */
export function judgedAt(
  commits: readonly Commit[],
  place: number,
  judgement: Judgement | undefined,
): { commit: Commit; judgement: Judgement } {
  const commit = commits[place]
  if (judgement === undefined || commit === undefined) throw new TypeError('a batch answers for each of its items')
  return { commit, judgement }
}
