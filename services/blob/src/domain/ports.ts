import type { Blob, BlobReference, Commit } from '@studio/contracts'

/** What one run over a batch says of one of its items. */
export type Judgement =
  /** Written by this run. */
  | { verdict: 'written'; blob: Blob }
  /** Written before, by the same delta. */
  | { verdict: 'committed'; version: number; version_id: string }
  /** Can be settled by another run only: another item goes first, or a race was lost. */
  | { verdict: 'again' }
  | { verdict: 'conflict' | 'overlaid' | 'deleted'; head_version: number }
  | { verdict: 'refused' | 'missing' | 'content_missing' | 'baseless' }

/** Places of a batch: those of one chain are judged each on what the one before it makes. */
export type Chains = readonly (readonly number[])[]

/**
 * Judges the items at these places of the batch and writes those that can go in, all in one transaction; answers by place. A verdict that
 * stands against an item may be outdated by a concurrent write, unless the item was judged before.
 */
export type RunBatch = (chains: Chains) => Promise<ReadonlyMap<number, Judgement>>

/** Commits whose contents are hashed and encoded, ready to be written. */
export interface CommitBatch {
  /** All places; those are chained that one run can write: changes of one blob's content that follow each other. */
  readonly chains: Chains
  run: RunBatch
  /**
   * Does the runs of `work` in one transaction, which is kept or undone as `keep` says of what `work` answers. `work` may be done more
   * than once. Null when a race was lost: nothing was written, and all of it may be tried again.
   */
  runTogether<Result>(
    work: (run: RunBatch) => Promise<Result>,
    keep: (result: Result) => boolean,
  ): Promise<Result | null>
}

export interface BlobStore {
  openBatch(commits: readonly Commit[]): Promise<CommitBatch>
  /** In the order asked; null for what the tenant does not have. */
  readBlobs(references: readonly BlobReference[]): Promise<(Blob | null)[]>
}
