import { z } from 'zod'
import { Blob } from './blob.ts'
import {
  BlobReference,
  Content,
  items,
  Json,
  Metadata,
  Operation,
  Sha256,
  Timestamp,
  Traceparent,
  TriggerPolicy,
  Uuid,
  VersionNumber,
} from './common.ts'
import { ProblemSchema } from './problem.ts'
import { route } from './route.ts'

/** One operation of RFC 6902. Its members beyond `op` and `path` are checked where it is applied, so that faults name their place. */
export const JsonPatchOperation = z.looseObject({ op: z.string(), path: z.string() })

/** How the bytes of the next version come about. */
export const Change = z.discriminatedUnion('format', [
  z.object({ format: z.literal('replace'), content: Content, content_type: z.string().optional() }),
  z.object({ format: z.literal('json-patch'), patch: z.array(JsonPatchOperation) }),
  z.object({ format: z.literal('merge-patch'), patch: Json }),
])
export type Change = z.infer<typeof Change>

export const DeltaStatus = z.enum(['pending', 'applied', 'failed'])

/** One delta, as it is kept. `patch` is null for whole content (then `content_hash` says all). */
export const Delta = z.object({
  id: Uuid,
  tenant_id: Uuid,
  blob_id: Uuid,
  user_id: Uuid,
  provider_id: z.string().nullable(),
  operation: Operation,
  format: z.enum(['replace', 'json-patch', 'merge-patch', 'none']),
  patch: Json.nullable(),
  content_hash: Sha256.nullable(),
  content_type: z.string().nullable(),
  size: z.int().min(0).nullable(),
  from_version: z.int().min(0),
  to_version: VersionNumber.nullable(),
  previous_delta: Uuid.nullable(),
  caused_by: Uuid.nullable(),
  status: DeltaStatus,
  error: ProblemSchema.nullable(),
  created_at: Timestamp,
  applied_at: Timestamp.nullable(),
})
export type Delta = z.infer<typeof Delta>

/**
 * A user's change. `create` has no `from_version`. Without `from_version` a change is made on whatever the head is. `expected` says
 * how a mismatch is told: `if_match` as `precondition_failed` (412), else as `version_conflict` (409).
 */
export const SubmitDelta = z.object({
  tenant_id: Uuid,
  user_id: Uuid,
  blob_id: Uuid,
  operation: z.enum(['create', 'update', 'delete', 'revert']),
  change: Change.nullable(),
  /** For `revert`: the version to go back to. */
  revert_to: VersionNumber.optional(),
  metadata: Metadata.nullable(),
  providers: TriggerPolicy.nullable(),
  from_version: VersionNumber.nullable(),
  expected: z.enum(['if_match', 'from_version']).default('from_version'),
  idempotency_key: z.string().min(1).max(255).nullable(),
  traceparent: Traceparent.nullable(),
})
export type SubmitDelta = z.infer<typeof SubmitDelta>

export const SubmitOutcome = z.discriminatedUnion('status', [
  z.object({ status: z.literal('applied'), delta_id: Uuid, blob: Blob }),
  z.object({ status: z.literal('failed'), problem: ProblemSchema }),
])
export type SubmitOutcome = z.infer<typeof SubmitOutcome>

/**
 * A provider's write. Its `delta_id` is a function of (node, epoch, key), so every attempt of one run is one delta. `content` null makes a
 * tombstone. No pending row: the claim at dag is the intent (design 6.1).
 */
export const SubmitTransform = z.object({
  delta_id: Uuid,
  tenant_id: Uuid,
  user_id: Uuid,
  blob_id: Uuid,
  from_version: z.int().min(0),
  fence: z.int().min(1),
  provider_id: z.string(),
  content: Content.nullable(),
  content_type: z.string(),
  caused_by: Uuid.nullable(),
  parent_id: Uuid.nullable(),
  root_id: Uuid,
  depth: z.int().min(0),
  traceparent: Traceparent.nullable(),
})
export type SubmitTransform = z.infer<typeof SubmitTransform>

export const TransformOutcome = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('applied'),
    version: VersionNumber,
    version_id: Uuid,
    content_hash: Sha256,
    size: z.int().min(0),
  }),
  z.object({ status: z.literal('conflict'), head_version: VersionNumber }),
  z.object({ status: z.literal('failed'), problem: ProblemSchema }),
])
export type TransformOutcome = z.infer<typeof TransformOutcome>

export const deltaApi = {
  /** Users' changes, each on its own. Repeatable where an idempotency key is given. */
  submit: route('/internal/deltas', items(SubmitDelta), items(SubmitOutcome), { itemwise: true }),
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
  /** Deltas of a blob, newest first; `before` is the id of the last one seen. */
  listDeltas: route(
    '/internal/deltas/list',
    BlobReference.extend({ limit: z.int().min(1).max(500), before: Uuid.optional(), status: DeltaStatus.optional() }),
    z.object({ deltas: z.array(Delta), next: Uuid.nullable() }),
    { idempotent: true },
  ),
} as const
