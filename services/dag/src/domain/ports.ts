import type {
  Budget,
  CascadeState,
  ClaimGroup,
  ClaimInput,
  ClaimItem,
  Derivation,
  NodeState,
  OverlayState,
  PauseReason,
  Provider,
  Publication,
  RunOutcome,
  Spent,
  TenantBudget,
  TriggerPolicy,
  TriggerSubject,
  Usage,
} from '@studio/contracts'
import type { NamedInputs, Problem } from '@studio/kernel'
import type { CascadeSlot } from './cascade-slots.ts'
import type { WaitingNode } from './closed-sub-graph.ts'
import type { PurgingTransaction } from './purge/ports.ts'

/** A node as its row has it. `version` 0: derived and not made yet. `provider_id` null: a source. */
export interface NodeRow {
  blob_id: string
  tenant_id: string
  user_id: string
  created_by: string
  providers: TriggerPolicy
  ancestry: string[]
  parent_id: string | null
  root_id: string
  depth: number
  version: number
  content_hash: string | null
  content_type: string | null
  size: number | null
  /** What its provider made last, where a user's edit (`overlay`) stands beside it; null: the head is that. */
  output_hash: string | null
  output_type: string | null
  overlay: OverlayState | null
  provider_id: string | null
  provider_version: string | null
  config: Record<string, unknown> | null
  state: NodeState
  doomed: boolean
  dirty_inputs: number
  epoch: number
  attempts: number
  key: string | null
  claim_id: string | null
  last_key: string | null
  last_run_id: string | null
  last_run_at: Date | null
  /** The inputs that `last_key` is made of, where the provider reads a part of them only. */
  readings: ClaimInput[] | null
  error: Problem | null
  cascade_id: string | null
  caused_by: string | null
  traceparent: string | null
  /** Set while a run is left alone though something newer came: the cascade for which the node is dirty when the run has ended. */
  again_cascade_id: string | null
  /** Open cascades of other roots whose change it has still to take in; `cascade_id` pays for its run: the newest, or the newest that goes on where that one was paused or cancelled. */
  also_in: string[] | null
  /** It is ready but for its cascade, which is paused. */
  held: boolean
}

export interface CascadeRow {
  id: string
  root_id: string
  caused_by: string | null
  state: CascadeState
  paused_by: PauseReason | null
  /** null: no caps. */
  budget: Budget | null
  spent: Spent
}

/** A cascade, or the newest one of a root. */
export type CascadeName = { readonly cascade_id: string } | { readonly root_id: string }

export type CascadeNode = Pick<NodeRow, 'blob_id' | 'state' | 'doomed' | 'again_cascade_id'>

/** A blob's head as the last event told it. */
export interface SourceHead {
  blob_id: string
  user_id: string
  created_by: string
  providers: TriggerPolicy
  parent_id: string | null
  root_id: string
  depth: number
  version: number
  content_hash: string
  content_type: string
  size: number
  state: 'settled' | 'deleted'
  publication: Publication
}

/** A user's version of a derived blob: its head moves on, and nothing else of its node. */
export interface EditedHead {
  blob_id: string
  version: number
  content_hash: string
  content_type: string
  size: number
  output_hash: string | null
  output_type: string | null
  overlay: OverlayState | null
}

/** A derivation to be there from now on; its output blob's id is a function of tenant, provider, inputs and label. */
export interface NewDerivation {
  blob_id: string
  user_id: string
  provider_id: string
  config: Record<string, unknown>
  label: string
  ancestry: string[]
  parent_id: string
  root_id: string
  depth: number
  inputs: NamedInputs
}

/** Why nodes become dirty: the cascade that it opens and the delta that began it. */
export interface Cause {
  cascade_id: string
  root_id: string
  caused_by: string | null
  traceparent: string | null
}

export interface MarkedNode {
  blob_id: string
  epoch: number
  dirty_inputs: number
  /** Whether it can run at once. */
  ready: boolean
  /** One of its inputs has failed (or is below a failed one) and is not made anew by this change. */
  hindered: boolean
  cause_index: number
  /** All causes that reach it, where there are several, `cause_index` among them. */
  cause_indexes: number[] | null
}

export interface Lease {
  blob_id: string
  claim_id: string
  key: string | null
  provider_version: string | null
}

export interface StoredClaim {
  id: string
  tenant_id: string
  work: ClaimGroup
}

/**
 * The end of a claimed node's run, as the row takes it over. Fields that are null stay as they are; version and content are of the head that the run made, or found, and
 * move an older one only. `output_…` and `overlay` are as in NodeRow, and taken over where the run has made something (`made`); `head_output` is what it made where that
 * was merged into this head.
 */
export interface NodeSettlement {
  blob_id: string
  state: 'settled' | 'failed' | 'deleted'
  made: boolean
  output_hash: string | null
  output_type: string | null
  overlay: OverlayState | null
  head_output: string | null
  version: number | null
  content_hash: string | null
  content_type: string | null
  size: number | null
  last_key: string | null
  readings: ClaimInput[] | null
  run_id: string
  error: Problem | null
}

export interface NewRun {
  id: string
  blob_id: string
  epoch: number
  provider_id: string
  provider_version: string
  key: string | null
  inputs: ClaimInput[]
  outcome: RunOutcome
  version: number | null
  content_hash: string | null
  attempts: number
  duration_ms: number
  usage: Usage
  workflow_id: string
  cascade_id: string | null
  caused_by: string | null
  error: Problem | null
}

export interface NewMemo {
  key: string
  content_hash: string
  content_type: string
  size: number
  run_id: string
}

/** One input edge below a set of nodes, with what is known of its source. */
export interface InputEdge {
  source_id: string
  target_id: string
  source_deleted: boolean
}

export interface NewEvent {
  type: 'studio.run.settled' | 'studio.cascade.started' | 'studio.cascade.settled'
  facts: unknown[]
}

/** All that may be done to one tenant's graph while its lock is held. Nobody else changes this graph meanwhile. */
export interface GraphTransaction {
  readonly tenantId: string
  readonly cascadeSlots: readonly CascadeSlot[]
  saveCascadeSlots(slots: readonly CascadeSlot[]): void

  readonly budget: TenantBudget
  /** What the tenant's providers have taken today. */
  readonly spentToday: Spent
  setBudget(budget: TenantBudget): void
  spend(more: Spent): void

  readNodes(blobIds: readonly string[]): Promise<NodeRow[]>
  readClaimedNodes(claimId: string): Promise<NodeRow[]>
  /** Ready nodes, those of each provider that have waited longest first; of those named in `crews` at most so many, together, that have not failed before. */
  listReady(limit: number, crews: ReadonlyMap<string, number>): Promise<NodeRow[]>
  /** Those of one provider that have not failed before. */
  listReadyOf(providerId: string, limit: number): Promise<NodeRow[]>
  /** Whether anything is ready; `but`: other than what has not failed before of these cheap providers, where `listAtWork` has so many claims of them. */
  hasReady(but?: { cheap: readonly string[]; crews: number; slowBatchMs: number }): Promise<boolean>
  listReadyProviders(): Promise<ReadyProvider[]>
  /** Claims of runs, by provider, but for those that a worker has had for longer. */
  listAtWork(slowBatchMs: number): Promise<Map<string, number>>
  /** Dirty nodes of a provider below these ones, that have not failed before, with all inputs that it needs, and without a budget or a user's edit. */
  listWaitingBelow(provider: Provider, blobIds: readonly string[]): Promise<WaitingNode[]>
  /** What the worker of a claim that was made here is to do; from then on it counts as read. */
  readNewClaim(claimId: string): Promise<ClaimItem[]>
  listInputs(blobIds: readonly string[]): Promise<Map<string, ClaimInput[]>>
  /** Input edges of all nodes below the given ones. */
  listEdgesBelow(blobIds: readonly string[]): Promise<InputEdge[]>

  putSources(heads: readonly SourceHead[]): Promise<void>
  putEdits(heads: readonly EditedHead[]): Promise<void>
  /** Adds those that are not there yet; answers their ids. */
  addDerivations(derivations: readonly NewDerivation[]): Promise<string[]>
  setConfig(blobId: string, config: Record<string, unknown>): Promise<void>
  /**
   * Makes dirty: `seeds` themselves and all below them, and all below `roots` (not these themselves). Each is given as
   * [blob id, index into causes].
   */
  markDirty(
    causes: readonly Cause[],
    roots: readonly (readonly [string, number])[],
    seeds: readonly (readonly [string, number])[],
  ): Promise<MarkedNode[]>
  /** Makes those of these nodes dirty whose run was left alone when something newer came; answers them. */
  markAgain(blobIds: readonly string[]): Promise<{ blob_id: string; ready: boolean }[]>
  /** Makes dirty nodes blocked that have, at any distance, one of these failed or blocked nodes above them. */
  blockBelow(blobIds: readonly string[]): Promise<void>
  markDoomed(cause: Cause, blobIds: readonly string[]): Promise<number>
  /** What feeds a derived blob, deleted blobs included. */
  readInputs(blobId: string): Promise<NamedInputs>
  /** Ends the edges that feed a derived blob, and opens these. */
  replaceInputs(blobId: string, inputs: NamedInputs): Promise<void>
  /** Adds providers to the ancestry of blobs. */
  addAncestry(blobIds: readonly string[], providerIds: readonly string[]): Promise<void>

  /** Which of these derivation keys have a recorded output, and which are being computed. */
  listKnown(keys: readonly string[]): Promise<{ key: string; is_recorded: boolean; is_running: boolean }[]>
  /** Makes ready nodes wait until the runs that compute their keys have ended. */
  awaitRuns(waiting: readonly { blob_id: string; key: string }[]): Promise<void>
  lease(leases: readonly Lease[]): Promise<void>
  /**
   * Gives nodes back: ready again as soon as they wait for nothing, and those that failed alone from now on. `begun`: a key that they have was counted as a run; else they
   * lose it, since what it was to be answered with is gone.
   */
  release(nodes: readonly { blob_id: string; failed: boolean; begun: boolean }[]): Promise<void>
  /** Takes away from workers what was claimed with these nodes, which they have no more, and waits for them; answers which. */
  returnStranded(blobIds: readonly string[]): Promise<string[]>
  /** Makes the nodes of these claims ready again, all of them or those whose lease is over; answers which. */
  returnClaims(claimIds: readonly string[], which: 'all' | 'expired'): Promise<string[]>
  settle(settlements: readonly NodeSettlement[]): Promise<void>
  /** Their heads are what these keys give. */
  settleFresh(nodes: readonly { blob_id: string; key: string; readings: ClaimInput[] | null }[]): Promise<void>
  /** Tells the targets of settled nodes that one dirty input less is left; answers how many became ready. */
  countDown(sourceIds: readonly string[]): Promise<number>

  addRuns(runs: readonly NewRun[]): Promise<void>
  addMemos(memos: readonly NewMemo[]): Promise<void>
  /** Forgets recorded outputs, whoever has them. */
  forgetMemos(keys: readonly string[]): Promise<void>
  /** Forgets those of these recorded outputs that are neither the current output of a node nor of use to a run under way; answers how many. */
  dropSpareMemos(keys: readonly string[]): Promise<number>
  /** Answers when it was made. */
  addJob(job: { id: string; blob_id: string; epoch: number; provider_id: string }): Promise<Date>
  /** Which of these nodes somebody asked for by a job that no run has ended yet. */
  listJobNodes(blobIds: readonly string[]): Promise<Set<string>>
  addClaims(requestId: string, claims: readonly StoredClaim[]): Promise<void>
  readClaimsOfRequest(requestId: string): Promise<StoredClaim[]>
  /** Notes that no workflow waits for those that began with these claims. */
  orphanClaims(claimIds: readonly string[]): Promise<void>
  addCascades(cascades: readonly (Cause & { nodes: number })[]): Promise<void>
  /** Closes those cascades (or all of the tenant's) that have nothing left to do; their facts go into the outbox. */
  closeCascades(cascadeIds: readonly string[] | 'all'): Promise<void>
  findCascade(name: CascadeName): Promise<CascadeRow | null>
  /** Those of these cascades that are paused or have a budget. */
  listGoverned(cascadeIds: readonly string[]): Promise<CascadeRow[]>
  /** The nodes of a cascade that it has not settled, shared ones included, and those that will be its when a run that was left alone has ended. */
  listUnsettled(cascadeId: string): Promise<CascadeNode[]>
  setCascadeBudget(cascadeId: string, budget: Budget): Promise<void>
  pauseCascades(pauses: ReadonlyMap<string, PauseReason>): Promise<void>
  /** Takes pause and cancellation from one cascade, or the pause from all that a cap of the day paused; answers their roots. */
  letGoOn(which: { readonly cascade_id: string } | 'daily'): Promise<string[]>
  /** Ready nodes whose cascade is paused: they go over to another one that they belong to, or wait until one of theirs goes on. */
  hold(blobIds: readonly string[]): Promise<void>
  /** Counts the runs that cascades begin. */
  countBegun(begun: ReadonlyMap<string, number>): Promise<void>
  /** Cancels a cascade; what other cascades want of it is theirs from now on. */
  cancelCascade(cascadeId: string): Promise<void>
  /** Gives up these nodes of a cascade that was cancelled. */
  giveUp(cascadeId: string, blobIds: readonly string[]): Promise<void>
  addEvents(events: readonly NewEvent[]): Promise<void>
  readonly purging: PurgingTransaction
}

/** A provider that ready nodes need: such as go alone, because they have failed in a batch or are to be deleted, and others. */
export interface ReadyProvider {
  readonly id: string
  readonly has_alone: boolean
  readonly has_others: boolean
}

/** Where graphs are kept. */
export interface GraphStore {
  /** Runs `work` with the tenant's lock; all or nothing. `work` may run again, so it has no effects outside. */
  transaction<Result>(tenantId: string, work: (graph: GraphTransaction) => Promise<Result>): Promise<Result>
  findClaim(claimId: string): Promise<StoredClaim | null>
  /** The claim, where no workflow waits for the one that works on it. */
  findOrphan(claimId: string): Promise<StoredClaim | null>
  /** What is leased still of the claims that one workflow made. */
  listClaimsOf(tenantId: string, workflowId: string): Promise<ClaimGroup[]>
  /** The providers that the tenant's ready nodes need. */
  listReadyProviders(tenantId: string): Promise<ReadyProvider[]>
  /** Whether anything has been leased for this request. */
  hasClaimed(tenantId: string, requestId: string): Promise<boolean>
  /** A derivation that was made, removed ones included. */
  readDerivation(tenantId: string, blobId: string): Promise<Derivation | null>
  /** Node rows without the lock: for what may be a little old. */
  readNodes(tenantId: string, blobIds: readonly string[]): Promise<NodeRow[]>
}

/** What dag asks provider-registry. */
export interface Providers {
  /** The current version of a provider that the tenant sees, or null. */
  current(tenantId: string, providerId: string): Promise<Provider | null>
  match(subjects: readonly TriggerSubject[]): Promise<Provider[][]>
}

/** Tells who waits for work of one provider that a tenant's graph has changed. */
export interface Arrivals {
  /** The providers of whose work somebody waits. */
  watched(tenantId: string): ReadonlySet<string>
  /** null where enough others wait for the same work already. */
  watch(tenantId: string, providerId: string): Watch | null
}

export interface Watch {
  /** Resolves when there was a change since it was asked last, or when the time is over. */
  next(timeoutMs: number): Promise<void>
  close(): void
}

/** Wakes cascade workflows; never throws: what is not rung now is found by the reconciler. */
export interface CascadeBell {
  ring(tenantId: string, rootIds: readonly string[]): void
}
