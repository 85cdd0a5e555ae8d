import { z } from 'zod'
import { Basis, Blob, Version } from './blob.ts'
import {
  BlobReference,
  ConflictPolicy,
  Content,
  items,
  Json,
  Metadata,
  Operation,
  Publication,
  Sha256,
  Timestamp,
  Traceparent,
  TriggerPolicy,
  Uuid,
  VersionNumber,
} from './common.ts'
import { OverlayState, Take } from './overlay.ts'
import { ProblemSchema } from './problem.ts'
import { deltaPurgeRoutes } from './purge.ts'
import { route } from './route.ts'

/** One step of a text delta, over the code points of the version that it was made on: keep so many, put these in, leave so many out. */
export const TextOperation = z.union([
  z.strictObject({ retain: z.int().min(1) }),
  z.strictObject({ insert: z.string().min(1) }),
  z.strictObject({ delete: z.int().min(1) }),
])
export type TextOperation = z.infer<typeof TextOperation>

/**
 * How the bytes of the next version come about. A patch travels as the JSON text that its author sent: it is parsed and judged in one place,
 * the delta engine, and off its main thread where it is long. `text` is a list of TextOperation; `unified-diff` is kept as one.
 */
export const Change = z.discriminatedUnion('format', [
  z.object({ format: z.literal('replace'), content: Content, content_type: z.string().optional() }),
  z.object({ format: z.enum(['json-patch', 'merge-patch', 'text', 'unified-diff']), patch: z.string() }),
])
export type Change = z.infer<typeof Change>

export const DeltaStatus = z.enum(['pending', 'applied', 'failed'])

export const DeltaFormat = z.enum(['replace', 'json-patch', 'merge-patch', 'text', 'none'])
export type DeltaFormat = z.infer<typeof DeltaFormat>

/**
 * One delta, as it is kept. `patch` is null for whole content (then `content_hash` says all). `original` is there where it was merged: the
 * version that its author made it on, and the change as it was meant on that one; `from_version` and `patch` are what came of it.
 * `previous_delta` and `next_delta` made the versions before and after it.
 */
export const Delta = z.object({
  id: Uuid,
  tenant_id: Uuid,
  blob_id: Uuid,
  user_id: Uuid,
  provider_id: z.string().nullable(),
  operation: Operation,
  format: DeltaFormat,
  patch: Json.nullable(),
  original: z.object({ version: VersionNumber, format: DeltaFormat, patch: Json.nullable() }).nullable(),
  content_hash: Sha256.nullable(),
  content_type: z.string().nullable(),
  size: z.int().min(0).nullable(),
  from_version: z.int().min(0),
  to_version: VersionNumber.nullable(),
  previous_delta: Uuid.nullable(),
  next_delta: Uuid.nullable(),
  caused_by: Uuid.nullable(),
  status: DeltaStatus,
  error: ProblemSchema.nullable(),
  created_at: Timestamp,
  applied_at: Timestamp.nullable(),
  /** What it changed has been purged: patch, hash, size and type are no longer there. */
  purged: z.literal(true).optional(),
})
export type Delta = z.infer<typeof Delta>

/**
 * A user's change. `create` has no `from_version`. Without `from_version` a change is made on whatever the head is; with it, `conflict` says
 * what becomes of it on another head (null: the blob's `conflict_policy`). `expected`: with `if_match` another head is always refused, as
 * `precondition_failed` (412), else by `reject` as `version_conflict` (409). `delta_id` is the client's own, for a change that can
 * be said again. `dry_run`: nothing is written.
 */
export const SubmitDelta = z.object({
  tenant_id: Uuid,
  user_id: Uuid,
  blob_id: Uuid,
  operation: z.enum(['create', 'update', 'delete', 'revert']),
  change: Change.nullable(),
  delta_id: Uuid.nullable(),
  dry_run: z.boolean(),
  conflict: ConflictPolicy.nullable(),
  /** The blob's default from here on; null keeps it. */
  conflict_policy: ConflictPolicy.nullable(),
  /** Of a source from here on; null keeps it. */
  publication: Publication.nullable(),
  /** For `revert`: the version to go back to. */
  revert_to: VersionNumber.optional(),
  /** For an `update` of a blob with an overlay: how it is settled, and the output that its author saw (null: whatever there is). */
  settle: z.object({ take: Take, generated_hash: Sha256.nullable() }).optional(),
  metadata: Metadata.nullable(),
  providers: TriggerPolicy.nullable(),
  from_version: VersionNumber.nullable(),
  expected: z.enum(['if_match', 'from_version']).default('from_version'),
  idempotency_key: z.string().min(1).max(255).nullable(),
  traceparent: Traceparent.nullable(),
})
export type SubmitDelta = z.infer<typeof SubmitDelta>

/** What a change would come to: the answer of a dry run. `content` is null where the bytes stay, are staged already, or are over 1 MiB. */
export const Plan = z.object({
  operation: Operation,
  from_version: z.int().min(0),
  to_version: VersionNumber,
  merged: z.boolean(),
  format: DeltaFormat,
  patch: Json.nullable(),
  content_hash: Sha256.nullable(),
  content_type: z.string().nullable(),
  size: z.int().min(0).nullable(),
  metadata: Metadata,
  content: z.object({ base64: z.base64() }).nullable(),
})
export type Plan = z.infer<typeof Plan>

export const SubmitOutcome = z.discriminatedUnion('status', [
  z.object({ status: z.literal('applied'), delta_id: Uuid, merged: z.boolean(), blob: Blob }),
  z.object({ status: z.literal('planned'), plan: Plan }),
  z.object({ status: z.literal('failed'), problem: ProblemSchema }),
])
export type SubmitOutcome = z.infer<typeof SubmitOutcome>

/**
 * What became of an atomic list of changes: all were applied (or planned, in a dry run), each with its outcome; or none, because of the one
 * at `operation` (from 0).
 */
export const BatchOutcome = z.discriminatedUnion('status', [
  z.object({ status: z.literal('done'), items: z.array(SubmitOutcome) }),
  z.object({ status: z.literal('failed'), operation: z.int().min(0).nullable(), problem: ProblemSchema }),
])
export type BatchOutcome = z.infer<typeof BatchOutcome>

/** How the difference of two versions may be written. `unified` (of text) is a string, the others are JSON. */
export const DiffFormat = z.enum(['json-patch', 'merge-patch', 'text', 'unified'])
export type DiffFormat = z.infer<typeof DiffFormat>

/**
 * A provider's write. Its `delta_id` is a function of (node, epoch, key), so every attempt of one run is one delta. `content` null makes a
 * tombstone. No pending row: the claim at dag is the intent (design 6.1). `from_generated`: where a user's edit stands, the output that the write follows;
 * it is merged with the edit then. `rests_on`: the writes of which this one was derived, where they are of the same claim.
 */
export const SubmitTransform = z.object({
  delta_id: Uuid,
  tenant_id: Uuid,
  user_id: Uuid,
  blob_id: Uuid,
  from_version: z.int().min(0),
  from_generated: Sha256.optional(),
  fence: z.int().min(1),
  rests_on: z.array(Basis),
  provider_id: z.string(),
  content: Content.nullable(),
  content_type: z.string(),
  /** See Commit. */
  gated_since: z.int().min(0).nullable(),
  caused_by: Uuid.nullable(),
  parent_id: Uuid.nullable(),
  root_id: Uuid,
  depth: z.int().min(0),
  traceparent: Traceparent.nullable(),
})
export type SubmitTransform = z.infer<typeof SubmitTransform>

/** What the blob holds; with an overlay that need not be what the provider made. */
const HeldContent = z.object({
  version: VersionNumber,
  version_id: Uuid,
  content_hash: Sha256,
  content_type: z.string(),
  size: z.int().min(0),
  overlay: OverlayState.nullable(),
})

/**
 * What became of a provider's write. applied: it made a version · kept: a user's edit stands and the blob holds already what comes of the two; no version was made ·
 * conflict: the head is another one, or a user's edit stands there (`generated_hash`: the output that it knows of), and the write may be sent again for that ·
 * baseless: what it rests on was not written, or came to something else.
 */
export const TransformOutcome = z.discriminatedUnion('status', [
  HeldContent.extend({ status: z.literal('applied') }),
  HeldContent.extend({ status: z.literal('kept') }),
  z.object({
    status: z.literal('conflict'),
    head_version: VersionNumber,
    generated_hash: Sha256.optional(),
  }),
  z.object({ status: z.literal('baseless') }),
  z.object({ status: z.literal('failed'), problem: ProblemSchema }),
])
export type TransformOutcome = z.infer<typeof TransformOutcome>

/** Changes of one list. Each is answered with its blob, and what comes back at once has to be read without holding an event loop. */
export const maximumOperations = 500

export const deltaApi = {
  /** Users' changes, each on its own. Repeatable where an idempotency key is given. */
  submit: route('/internal/deltas', items(SubmitDelta), items(SubmitOutcome), { itemwise: true }),
  /**
   * An atomic list of users' changes, of one or several blobs: all or none. Those of one blob follow each other. The key and the dry run are
   * those of the list; the items' own are not looked at.
   */
  submitBatch: route(
    '/internal/batches',
    z.object({
      items: z.array(SubmitDelta).min(1).max(maximumOperations),
      idempotency_key: z.string().min(1).max(255).nullable(),
      dry_run: z.boolean(),
      traceparent: Traceparent.nullable(),
    }),
    BatchOutcome,
  ),
  /** Providers' writes, each on its own; repeatable by delta id. */
  submitTransforms: route('/internal/transforms', items(SubmitTransform), items(TransformOutcome), {
    idempotent: true,
    itemwise: true,
  }),
  readDelta: route(
    '/internal/deltas/read',
    z.object({ tenant_id: Uuid, delta_id: Uuid }),
    z.object({ delta: Delta.nullable() }),
    { idempotent: true },
  ),
  /** The newest applied delta of a blob. */
  readLatest: route('/internal/deltas/latest', BlobReference, z.object({ delta: Delta.nullable() }), {
    idempotent: true,
  }),
  /** The applied deltas that lead from one version to a later one, oldest first; `next` is the version to go on from. */
  readChain: route(
    '/internal/deltas/chain',
    BlobReference.extend({ from: z.int().min(0), to: VersionNumber, limit: z.int().min(1).max(500) }),
    z.object({ deltas: z.array(Delta), next: VersionNumber.nullable() }),
    { idempotent: true },
  ),
  /** The difference of two versions of a blob, in either direction; `format` null: what fits its content type best. */
  diff: route(
    '/internal/diffs',
    BlobReference.extend({ from: VersionNumber, to: VersionNumber, format: DiffFormat.nullable() }),
    z.object({ from: Version, to: Version, format: DiffFormat, diff: Json }),
    { idempotent: true },
  ),
  /** Deltas of a blob, newest first; `before` is the id of the last one seen. */
  listDeltas: route(
    '/internal/deltas/list',
    BlobReference.extend({ limit: z.int().min(1).max(500), before: Uuid.optional(), status: DeltaStatus.optional() }),
    z.object({ deltas: z.array(Delta), next: Uuid.nullable() }),
    { idempotent: true },
  ),
  ...deltaPurgeRoutes,
} as const

/**
 * The raw route of the delta engine, for dry runs of large content: `PUT /internal/dry-runs`, whose body is a SubmitDelta as one line of JSON, a
 * line feed, and the bytes that take the place of its content; it answers the SubmitOutcome.
 */
export const dryRunPath = '/internal/dry-runs'
