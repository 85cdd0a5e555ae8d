import type {
  AtomicOutcome,
  Blob,
  BlobReference,
  Commit,
  CommitOutcome,
  Delta,
  DeltaOutcome,
  MoveOutcome,
  OverlayMove,
  StoredOverlay,
  SubmitDelta,
  Transform,
  Version,
} from '@studio/contracts'
import type { Problem } from '@studio/kernel'
import type { Sources } from './plan-change.ts'
import type { MergedOverlay, OverlayContents } from './merge-overlay.ts'
import type { PlannedChange } from './plan-content.ts'

/** What the delta engine asks of blob. Lists are answered item by item, in order; null is what the tenant does not have. */
export interface Blobs {
  commit(commits: readonly PlannedCommit[]): Promise<Settled<CommitOutcome>[]>
  /** All or none. */
  commitAtomically(commits: readonly PlannedCommit[]): Promise<AtomicOutcome>
  heads(references: readonly BlobReference[]): Promise<(Blob | null)[]>
  versions(references: readonly (BlobReference & { version: number })[]): Promise<(Version | null)[]>
  /** The versions of a blob from one to another, both included, oldest first; at most 500. */
  versionsBetween(reference: BlobReference, from: number, to: number): Promise<Version[]>
  /** Overlays at their heads. */
  overlays(references: readonly BlobReference[]): Promise<(StoredOverlay | null)[]>
  /** Tells an overlay of an output that changes nothing else. */
  moveOverlay(move: OverlayMove): Promise<MoveOutcome>
  /** Keeps bytes that the next commit names; answers their hash. */
  stage(tenantId: string, bytes: Uint8Array): Promise<string>
  contents(references: readonly ContentReference[]): Promise<(Buffer | null)[]>
  /** What became of deltas; with `refuse`, what blob does not know it will never take. */
  settle(deltaIds: readonly string[], refuse: boolean): Promise<DeltaOutcome[]>
  /** Providers' commits in a window of time, oldest first, by pages of at most `limit`. */
  transforms(window: { since: Date; until: Date }, after: string | undefined, limit: number): Promise<Transform[]>
}

/** Bytes of a version to come, or the hash of bytes that blob has. */
export type PlannedContent = { readonly bytes: Uint8Array } | { readonly hash: string }

export type PlannedCommit = Omit<Commit, 'content'> & { readonly content: PlannedContent | null }

/** `size` in bytes where it is known, so that one request does not carry too much. */
export interface ContentReference {
  readonly tenant_id: string
  readonly hash: string
  readonly size: number | null
}

/** Success or failure of one item of a list. */
export type Settled<Value> = { readonly value: Value } | { readonly error: unknown }

/** A delta's row before blob is asked. */
export type PendingDelta = Pick<
  Delta,
  | 'id'
  | 'tenant_id'
  | 'blob_id'
  | 'user_id'
  | 'operation'
  | 'format'
  | 'patch'
  | 'original'
  | 'content_hash'
  | 'content_type'
  | 'size'
  | 'from_version'
> & { readonly idempotency_key: string | null; readonly request_hash: string | null }

/** What says that a request was made before: its key, or the delta id that its client chose. */
export interface RequestIdentity {
  readonly tenant_id: string
  readonly idempotency_key: string | null
  readonly delta_id: string | null
}

/** What is known of a request that was made before. */
export interface RecordedDelta {
  readonly id: string
  readonly tenant_id: string
  readonly blob_id: string
  readonly idempotency_key: string | null
  /** Whether it was merged. */
  readonly merged: boolean
  readonly request_hash: string | null
  readonly status: 'pending' | 'applied' | 'failed'
  readonly to_version: number | null
  readonly error: Problem | null
}

/** What a delta's author did, as it was meant on the version that they saw: of what was merged, not what became of it. */
export interface RecordedChange {
  readonly id: string
  readonly format: Delta['format']
  /** As JSON text: it is parsed where nobody waits for it. */
  readonly patch: string | null
  /** The version that the author saw, where it was not the one before. */
  readonly saw: number | null
}

/** How a pending delta ended: `to_version` where it was applied, `error` where it failed. */
export interface DeltaEnd {
  readonly id: string
  readonly to_version: number | null
  /** Bytes of the content, where they became known with the commit. */
  readonly size: number | null
  readonly error: Problem | null
}

/** A provider's delta, that is written when it was committed; `purged` where its content has been erased since. */
export type AppliedDelta = Pick<
  Delta,
  | 'id'
  | 'tenant_id'
  | 'blob_id'
  | 'user_id'
  | 'operation'
  | 'format'
  | 'content_hash'
  | 'content_type'
  | 'size'
  | 'caused_by'
  | 'created_at'
> & { readonly provider_id: string; readonly to_version: number; readonly purged: boolean }

/** The rows of the delta engine. Each function is one statement; what it changes and its outbox rows are one. */
export interface DeltaStore {
  /** Writes pending rows; answers the ids that were written (a key that is taken writes none). */
  insertPending(deltas: readonly PendingDelta[]): Promise<Set<string>>
  /** Changes pending rows for another try from another version. */
  rebasePending(deltas: readonly PendingDelta[]): Promise<void>
  /** Ends pending deltas and tells it; those that are not pending any more stay as they are. Answers how many it ended. */
  endDeltas(ends: readonly DeltaEnd[]): Promise<number>
  /** Writes providers' deltas and tells it; those that are there already stay. Answers how many it wrote. */
  insertApplied(deltas: readonly AppliedDelta[]): Promise<number>
  /** Deltas that hold one of these keys (what failed gave its key back), or have one of these ids. */
  findRequests(requests: readonly RequestIdentity[]): Promise<RecordedDelta[]>
  /**
   * What deltas did, by id, whether their ends are recorded or not; those that are not there are left out. Null where their patches take more
   * than `bytes` together.
   */
  findChanges(deltaIds: readonly string[], bytes: number): Promise<RecordedChange[] | null>
  findRecorded(deltaId: string): Promise<RecordedDelta | undefined>
  /** Pending deltas older than `ageMs`, oldest first. */
  listPending(ageMs: number, limit: number): Promise<{ id: string; created_at: Date }[]>
  /** Where the last sweep of providers' commits ended; `now` is the database's clock. */
  readCursor(): Promise<{ until: Date; now: Date }>
  moveCursor(until: Date): Promise<void>
}

/** Judges contents and plans changes; what takes long runs beside the main thread. */
export interface Planner {
  /** Throws what `planChange` throws. */
  plan(item: SubmitDelta, head: Blob | null, sources: Sources): Promise<PlannedChange>
  /** What a blob is to hold, given its overlay with all contents at hand; never throws for what cannot be merged. */
  mergeOverlay(sides: OverlayContents): Promise<MergedOverlay>
  /** Throws what `checkContent` throws. */
  check(contentType: string, bytes: Uint8Array): Promise<void>
}

/** Work that nobody waits for, joined over requests; what a crash loses of it the sweeper mends. */
export interface Recorder {
  end(end: DeltaEnd): void
  applied(delta: AppliedDelta): void
}

/** What happened, for logs and metrics. */
export interface Events {
  applied(delta: {
    id: string
    tenant_id: string
    blob_id: string
    operation: string
    version: number
    seconds: number
  }): void
  failed(delta: { id: string | null; tenant_id: string; blob_id: string; operation: string; code: string }): void
  /** An error that nobody foresaw; its inner text goes to the log only. */
  fault(error: unknown): void
  swept(counts: { applied: number; refused: number; restored: number }): void
}
