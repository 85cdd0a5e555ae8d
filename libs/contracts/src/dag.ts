import { z } from 'zod'
import { Budget, SpentToday, TenantBudget } from './budget.ts'
import { Cascade, CascadeAction } from './cascade.ts'
import { BlobReference, JsonObject, Sha256, Timestamp, Traceparent, Uuid, VersionNumber, items } from './common.ts'
import { Derivation, DerivationInputs } from './derivation.ts'
import { Explanation } from './explain.ts'
import { PastGraph } from './graph.ts'
import { Preview, PreviewedContent } from './preview.ts'
import { OverlayState } from './overlay.ts'
import { ProblemSchema } from './problem.ts'
import { Provenance } from './provenance.ts'
import { route } from './route.ts'
import { ClaimInput, NodeState, Run, RunOutcome, Usage } from './run.ts'
import { dagPurgeRoutes } from './purge.ts'
import { Verification } from './verification.ts'

/**
 * Work that one child workflow is to do: nodes of one tenant and one provider version, leased under `claim_id`; with a cheap provider also those below
 * that wait for nothing but each other.
 */
export const ClaimGroup = z.object({
  claim_id: Uuid,
  kind: z.enum(['run', 'delete']),
  provider_id: z.string(),
  provider_version: z.string(),
  workflow_type: z.string(),
  task_queue: z.string(),
  workflow_id: z.string(),
  timeout_ms: z.int(),
  /** Attempts that the provider may still make on these nodes. */
  attempts_left: z.int().min(1),
  root_ids: z.array(Uuid),
  size: z.int().min(1),
  traceparent: Traceparent.nullable(),
})
export type ClaimGroup = z.infer<typeof ClaimGroup>

/** What a provider made of a key before. */
export const RecordedOutput = z.object({ content_hash: Sha256, content_type: z.string() })
export type RecordedOutput = z.infer<typeof RecordedOutput>

/** An input that is made under the same claim: what it comes to its worker is the first to know. */
export const InnerInput = ClaimInput.pick({ name: true, blob_id: true })
export type InnerInput = z.infer<typeof InnerInput>

/**
 * One node to bring up to date. `memo` is the recorded output of its key, where there is one: then no provider runs. A node that reads what others of its
 * claim make has no `key` yet; `last_key` is then that of its head, where dag can be sure of it. Its inputs stay in their order.
 */
export const ClaimItem = z.object({
  tenant_id: Uuid,
  user_id: Uuid,
  node_id: Uuid,
  epoch: z.int().min(1),
  head_version: z.int().min(0),
  /** What the provider made last, where dag can be sure of it. Under a user's edit the blob holds something else. */
  head_hash: Sha256.nullable(),
  head_content_type: z.string().nullable(),
  provider_id: z.string(),
  provider_version: z.string(),
  config: JsonObject,
  key: Sha256.nullable(),
  last_key: Sha256.nullable(),
  memo: RecordedOutput.nullable(),
  inputs: z.array(z.union([ClaimInput, InnerInput])),
  parent_id: Uuid.nullable(),
  root_id: Uuid,
  depth: z.int().min(0),
  caused_by: Uuid.nullable(),
  /** Its output waits for its publication, since this revision of the graph; null: it does not. */
  gated_since: z.int().min(0).nullable(),
  traceparent: Traceparent.nullable(),
})
export type ClaimItem = z.infer<typeof ClaimItem>

/** A claim for a worker that goes on; with the one that it is to begin with come its nodes, as `readClaim` answers them. */
export const NextGroup = ClaimGroup.extend({ items: z.array(ClaimItem).optional() })
export type NextGroup = z.infer<typeof NextGroup>

/** `overlay` null: it was merged with an edit that has ended since. */
export const HeadUnderOverlay = z.object({
  content_hash: Sha256,
  content_type: z.string(),
  size: z.int().min(0),
  overlay: OverlayState.nullable(),
})
export type HeadUnderOverlay = z.infer<typeof HeadUnderOverlay>

/**
 * What became of one claimed node. `fresh`: its inputs came to be what its head was made of, so that there is no run. `returned` does not end the run either:
 * with an error it failed in a batch, and is tried again alone; without one what it was to read under the same claim has not come about.
 */
export const SettleItem = z.object({
  node_id: Uuid,
  epoch: z.int().min(1),
  outcome: z.union([RunOutcome, z.literal(['fresh', 'returned'])]),
  /** What was read: newer versions may be there by now. */
  inputs: z.array(ClaimInput),
  key: Sha256.nullable(),
  version: VersionNumber.nullable(),
  content_hash: Sha256.nullable(),
  content_type: z.string().nullable(),
  size: z.int().min(0).nullable(),
  /** What the blob holds at `version`, where a user's edit makes that something else than what the provider made (`content_…`). */
  head: HeadUnderOverlay.optional(),
  attempts: z.int().min(0),
  error: ProblemSchema.nullable(),
  /** Milliseconds that the provider took for this node. */
  duration_ms: z.number().min(0),
  usage: Usage,
})
export type SettleItem = z.infer<typeof SettleItem>

export const Job = z.object({
  id: Uuid,
  tenant_id: Uuid,
  provider_id: z.string(),
  /** Ids of the input blobs. */
  input_ids: z.array(Uuid),
  /** The blob that it writes. */
  blob_id: Uuid,
  status: z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
  run: Run.nullable(),
  created_at: Timestamp,
})
export type Job = z.infer<typeof Job>

/** How one provider stands towards one blob that it takes as input. */
export const Processing = z.object({
  provider_id: z.string(),
  blob_id: Uuid,
  state: NodeState,
  run_id: Uuid.nullable(),
  at: Timestamp.nullable(),
})
export type Processing = z.infer<typeof Processing>

const Requester = z.object({ tenant_id: Uuid, user_id: Uuid, traceparent: Traceparent.nullable() })

export const dagApi = {
  /**
   * Has a provider derive a blob from others from now on. Where this very derivation is there already it is answered (`created` false), with the
   * new configuration where that is another. Throws blob_not_found, blob_deleted, provider_not_found, provider_disabled, invalid_configuration,
   * input_not_supported, derivation_conflict, derivation_too_deep, derivation_cycle (a removed one that comes back would feed on itself).
   */
  ensureDerivation: route(
    '/internal/derivations/ensure',
    Requester.extend({
      provider_id: z.string(),
      config: JsonObject,
      inputs: DerivationInputs,
      label: z.string().max(100),
    }),
    z.object({ derivation: Derivation, created: z.boolean() }),
    { idempotent: true },
  ),
  /** Gives a derivation other inputs or another configuration (null: as it is). Throws what ensureDerivation throws, and derivation_not_found. */
  updateDerivation: route(
    '/internal/derivations/update',
    Requester.extend({ blob_id: Uuid, config: JsonObject.nullable(), inputs: DerivationInputs.nullable() }),
    z.object({ derivation: Derivation }),
    { idempotent: true },
  ),
  /** Ends a derivation: its blob is tombstoned, and what only it feeds goes with it. Throws derivation_not_found. */
  removeDerivation: route(
    '/internal/derivations/remove',
    Requester.extend({ blob_id: Uuid }),
    z.object({ derivation: Derivation }),
    { idempotent: true },
  ),
  readDerivation: route('/internal/derivations/read', BlobReference, z.object({ derivation: Derivation.nullable() }), {
    idempotent: true,
  }),
  /**
   * Leases what is ready in a tenant, in groups: at most `limit` nodes, what comes along with them included. `cascade_id` is the blob whose cascade asks: from now on dag may ring it again.
   * `request_id`: the same id answers the same groups while they are leased, so that a retry loses none. `orphans`: claims whose end the asker will not
   * see: dag rings when they have made something ready.
   */
  claim: route(
    '/internal/claims',
    z.object({
      tenant_id: Uuid,
      cascade_id: Uuid,
      request_id: Uuid,
      limit: z.int().min(1).max(5000),
      orphans: z.array(Uuid).max(5000).default([]),
    }),
    z.object({ groups: z.array(ClaimGroup) }),
    { idempotent: true },
  ),
  /**
   * A worker has worked off a claim: leases what is ready of the same provider version by now, for the same workflow; where nothing is, waits up to
   * `wait_ms` for it; at most what it can do in `time_ms`. What else is ready, and not gone on with by others, the tenant's cascades are told. `request_id` as in `claim`. `resume`: an earlier attempt died;
   * what it had leased is answered again.
   */
  claimNext: route(
    '/internal/claims/next',
    z.object({
      claim_id: Uuid,
      request_id: Uuid,
      wait_ms: z.int().min(0).max(10_000),
      time_ms: z.int().min(0),
      resume: z.boolean(),
    }),
    z.object({ groups: z.array(NextGroup) }),
    { idempotent: true },
  ),
  /** The nodes still leased under a claim, with the lease made longer. Empty: the claim is lost. */
  readClaim: route('/internal/claims/read', z.object({ claim_id: Uuid }), items(ClaimItem), { idempotent: true }),
  /** What is recorded of derivation keys, one answer a key; null: nobody has made it. */
  recall: route(
    '/internal/memos/recall',
    z.object({ tenant_id: Uuid, keys: z.array(Sha256).max(5000) }),
    items(RecordedOutput.nullable()),
    { idempotent: true },
  ),
  /** Makes the lease longer; `held` are the nodes still leased. */
  renewClaim: route('/internal/claims/renew', z.object({ claim_id: Uuid }), z.object({ held: z.array(Uuid) }), {
    idempotent: true,
  }),
  /**
   * Records outcomes of claimed nodes and frees what waited for them. Items whose lease or epoch is no longer theirs are `lost` and change nothing. `next`: the
   * worker goes on, and is leased what is ready by now in the same go, as by `claimNext`.
   */
  settle: route(
    '/internal/settlements',
    z.object({
      claim_id: Uuid,
      items: z.array(SettleItem).max(5000),
      next: z.object({ request_id: Uuid, time_ms: z.int().min(0) }).nullable(),
    }),
    z.object({ settled: z.int(), ready: z.int(), lost: z.array(Uuid), groups: z.array(NextGroup) }),
    { idempotent: true },
  ),
  /**
   * A child workflow gave up with nodes of its claim left. A node that was claimed alone fails with this problem after `attempts`
   * attempts; nodes of a larger claim become ready again, each alone.
   */
  abandonClaim: route(
    '/internal/claims/abandon',
    z.object({ claim_id: Uuid, error: ProblemSchema, attempts: z.int().min(1) }),
    z.object({ failed: z.int() }),
    { idempotent: true },
  ),
  /** A cascade workflow wants to end: `ended` false says that something became ready meanwhile, so that it claims again. */
  endCascade: route(
    '/internal/cascades/end',
    z.object({ tenant_id: Uuid, cascade_id: Uuid }),
    z.object({ ended: z.boolean() }),
    { idempotent: true },
  ),
  /**
   * The graph below a blob as it was at a time, or when a cascade settled (one that is open: as it is). null: the blob was not there then. Throws
   * cascade_not_found.
   */
  readPastGraph: route(
    '/internal/graphs/past',
    BlobReference.extend({ point: z.union([z.object({ at: Timestamp }), z.object({ cascade_id: Uuid })]) }),
    z.object({ graph: PastGraph.nullable() }),
    { idempotent: true },
  ),
  /** What made a version; null: there is no such version. Throws provenance_too_large. */
  readProvenance: route(
    '/internal/provenance/read',
    BlobReference.extend({ version: VersionNumber }),
    z.object({ provenance: Provenance.nullable() }),
    { idempotent: true },
  ),
  /** What new content of a blob would cause (`change` null: what its present content still does); null: there is no such blob. */
  preview: route(
    '/internal/previews',
    BlobReference.extend({ change: PreviewedContent.nullable() }),
    z.object({ preview: Preview.nullable() }),
    { idempotent: true },
  ),
  readCascade: route(
    '/internal/cascades/read',
    z.object({ tenant_id: Uuid, cascade_id: Uuid }),
    z.object({ cascade: Cascade.nullable() }),
    { idempotent: true },
  ),
  /**
   * Pauses, resumes or cancels a cascade, or tries its failed nodes again; asked again it changes nothing. It is named by its id, or by its root: then the newest
   * one is meant. `budget` takes the place of the one that it has. Throws cascade_not_found, cascade_ended, budget_spent.
   */
  controlCascade: route(
    '/internal/cascades/control',
    z.object({
      tenant_id: Uuid,
      cascade: z.union([z.object({ cascade_id: Uuid }), z.object({ root_id: Uuid })]),
      action: CascadeAction,
      budget: Budget.nullable(),
    }),
    z.object({ cascade: Cascade }),
    { idempotent: true },
  ),
  /** Gives a cascade another budget; one that is paused stays so. Throws cascade_not_found. */
  setCascadeBudget: route(
    '/internal/cascades/budget',
    z.object({ tenant_id: Uuid, cascade_id: Uuid, budget: Budget }),
    z.object({ cascade: Cascade }),
    { idempotent: true },
  ),
  readBudget: route(
    '/internal/budgets/read',
    z.object({ tenant_id: Uuid }),
    z.object({ budget: TenantBudget, spent_today: SpentToday }),
    { idempotent: true },
  ),
  /** Gives a tenant other budgets; cascades that a cap of the day paused go on as far as the new one lets them. */
  setBudget: route(
    '/internal/budgets/set',
    z.object({ tenant_id: Uuid, budget: TenantBudget }),
    z.object({ budget: TenantBudget, spent_today: SpentToday }),
    { idempotent: true },
  ),
  /** Starts a verification, or answers the one of this tenant that is under way. */
  startVerification: route(
    '/internal/verifications/start',
    z.object({ tenant_id: Uuid }),
    z.object({ verification: Verification }),
    { idempotent: true },
  ),
  readVerification: route(
    '/internal/verifications/read',
    z.object({ tenant_id: Uuid, verification_id: Uuid }),
    z.object({ verification: Verification.nullable() }),
    { idempotent: true },
  ),
  /** Why a blob is as it is; null: dag has not heard of it. */
  explain: route('/internal/explanations/read', BlobReference, z.object({ explanation: Explanation.nullable() }), {
    idempotent: true,
  }),
  listChildren: route('/internal/children/list', BlobReference, z.object({ blob_ids: z.array(Uuid) }), {
    idempotent: true,
  }),
  readProcessing: route(
    '/internal/processing/read',
    items(BlobReference),
    items(z.object({ processing: z.array(Processing) })),
    { idempotent: true, itemwise: true },
  ),
  /** Runs of a derived blob, newest first; `before` is the id of the last one seen. */
  listRuns: route(
    '/internal/runs/list',
    BlobReference.extend({ limit: z.int().min(1).max(200), before: Uuid.optional() }),
    z.object({ runs: z.array(Run) }),
    { idempotent: true },
  ),
  /** Runs a provider on a blob on demand. Throws what ensureDerivation throws. */
  createJob: route(
    '/internal/jobs/create',
    z.object({
      tenant_id: Uuid,
      user_id: Uuid,
      provider_id: z.string(),
      blob_id: Uuid,
      config: JsonObject,
      label: z.string().max(100),
      traceparent: Traceparent.nullable(),
    }),
    z.object({ job: Job }),
  ),
  readJob: route(
    '/internal/jobs/read',
    z.object({ tenant_id: Uuid, job_id: Uuid }),
    z.object({ job: Job.nullable() }),
    { idempotent: true },
  ),
  /** Starts a failed job (or run) again; the job answered has a new id. Throws job_not_found, job_not_failed. */
  retryJob: route('/internal/jobs/retry', z.object({ tenant_id: Uuid, job_id: Uuid }), z.object({ job: Job })),
  ...dagPurgeRoutes,
} as const
