import { z } from 'zod'
import { Blob, PublishedMember, PublishedSet, PublishedState, Version } from './blob.ts'
import { Budget, SpentToday, TenantBudget } from './budget.ts'
import { Cascade } from './cascade.ts'
import {
  ConflictPolicy,
  Json,
  JsonObject,
  Metadata,
  Publication,
  Sha256,
  Timestamp,
  Uuid,
  VersionNumber,
} from './common.ts'
import { Job } from './dag.ts'
import { Delta, DiffFormat, maximumOperations, Plan } from './delta.ts'
import { Derivation } from './derivation.ts'
import { Explanation } from './explain.ts'
import { Graph, PastGraph } from './graph.ts'
import { OverlayState, StoredOverlay } from './overlay.ts'
import { Preview } from './preview.ts'
import { ProblemSchema } from './problem.ts'
import { Provenance } from './provenance.ts'
import { InputName, Provider, ProviderId, ProviderManifest } from './provider.ts'
import { NodeState, Run } from './run.ts'
import { Purge } from './purge.ts'
import { Verification } from './verification.ts'

// The public API, as the gateway serves it under /api/v1/studio and /api/v1. Answers are `{data}`, lists `{data, next}`. Its query
// parameters are in rest-queries.ts.

/** PostgreSQL's integer is the end of version numbers. */
const PublicVersionNumber = z.int().min(1).max(2_147_483_647)
/** Text that a database can keep and a log can show in one line. */
const Line = z.string().regex(/^\P{Cc}*$/u, 'must not contain control characters')

/** `{data}`: one resource. */
export const answer = <Data extends z.ZodType>(data: Data) => z.strictObject({ data })
/** `{data, next}`: a page of a list, newest first where there is an order; `next` is the `after` of the following page, null on the last one. */
export const page = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ data: z.array(item), next: z.string().nullable() })

// ── what clients read ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Bytes in JSON: `text` where the type is a text type and the bytes are UTF-8, else `content` in base64. */
const embeddedContent = { text: z.string().optional(), content: z.base64().optional() }

/** How a provider stands towards a blob: the blob that it made from it, its state and last run. */
export const ProcessedBy = z.strictObject({
  status: NodeState,
  run_id: Uuid.nullable(),
  at: Timestamp.nullable(),
  blob_id: Uuid,
})
export type ProcessedBy = z.infer<typeof ProcessedBy>

/**
 * A blob at its head, or as it is published. `processed_by` (by provider id), `text` and `content` are there when `include` asked for them; `published` where it is read as readers see it, and is
 * published with others: then a `head_version` over its `version` is one that they do not see yet.
 */
export const BlobResource = z.strictObject({
  ...Blob.omit({ tenant_id: true, providers: true }).shape,
  published: PublishedState.nullable().optional(),
  processed_by: z.record(z.string(), ProcessedBy).optional(),
  ...embeddedContent,
})
export type BlobResource = z.infer<typeof BlobResource>

/** A blob with all that is published below it, of one moment. `revision` is that of its publication; content that is larger than one answer carries is left out. */
export const PublishedResource = z.strictObject({
  root_id: Uuid,
  revision: PublishedSet.shape.revision,
  blobs: z.array(z.strictObject({ ...PublishedMember.shape, ...embeddedContent })),
})
export type PublishedResource = z.infer<typeof PublishedResource>

export const VersionResource = z.strictObject({ ...Version.shape, ...embeddedContent })
export type VersionResource = z.infer<typeof VersionResource>

/** One side of an overlay; `text` where that is what it is, and short. */
export const OverlaySideResource = z.strictObject({ ...StoredOverlay.shape.base.shape, text: z.string().optional() })
export type OverlaySideResource = z.infer<typeof OverlaySideResource>

/**
 * A user's edit of a derived blob: what they changed (`base`), what they made of it (`edited`), and what the provider has made last (`generated`). At `version` the blob
 * holds what merging the three gives, or `edited` where that is `conflicted`.
 */
export const OverlayResource = z.strictObject({
  blob_id: Uuid,
  version: VersionNumber,
  state: OverlayState,
  base: OverlaySideResource,
  edited: OverlaySideResource,
  generated: OverlaySideResource,
})
export type OverlayResource = z.infer<typeof OverlayResource>

export const DeltaResource = z.strictObject(Delta.omit({ tenant_id: true }).shape)
export type DeltaResource = z.infer<typeof DeltaResource>

/** What a change would come to. `blob_id` is null for a create; `text` or `content` is there where the bytes would be others. */
export const DryRunResource = z.strictObject({
  dry_run: z.literal(true),
  blob_id: Uuid.nullable(),
  ...Plan.omit({ content: true }).shape,
  ...embeddedContent,
})
export type DryRunResource = z.infer<typeof DryRunResource>

/** The difference of two versions: a string for `unified`, JSON for the other formats. */
export const DiffResource = z.strictObject({
  from: VersionNumber,
  to: VersionNumber,
  format: DiffFormat,
  diff: Json,
})
export type DiffResource = z.infer<typeof DiffResource>

/** What one operation of a list came to: the blob as it left it, or its plan in a dry run. */
export const OperationResult = z.union([
  z.strictObject({ delta_id: Uuid, merged: z.boolean(), blob: BlobResource }),
  DryRunResource,
])
export type OperationResult = z.infer<typeof OperationResult>

/** POST /batches: all operations were done, in their order. */
export const BatchResource = z.strictObject({ results: z.array(OperationResult) })
export type BatchResource = z.infer<typeof BatchResource>

/** POST /bulk: what became of each operation, with the HTTP status that it would have had alone. */
export const BulkResource = z.strictObject({
  results: z.array(
    z.union([
      z.strictObject({ status: z.int(), data: OperationResult }),
      z.strictObject({ status: z.int(), problem: ProblemSchema }),
    ]),
  ),
})
export type BulkResource = z.infer<typeof BulkResource>

export const RunResource = z.strictObject(Run.omit({ tenant_id: true }).shape)
export type RunResource = z.infer<typeof RunResource>

/** A job is asked for by `process` and done by a run; `run` is null until that has ended. */
export const JobResource = z.strictObject({
  job_id: Uuid,
  ...Job.omit({ id: true, tenant_id: true }).shape,
  run: RunResource.nullable(),
})
export type JobResource = z.infer<typeof JobResource>

/** `id` is that of the blob that it makes, which is there from the first run on (`version` 0: not yet). */
export const DerivationResource = z.strictObject({
  id: Uuid,
  ...Derivation.omit({ blob_id: true, tenant_id: true, config: true }).shape,
  configuration: JsonObject,
})
export type DerivationResource = z.infer<typeof DerivationResource>

export const ExplanationResource = z.strictObject(Explanation.shape)
export type ExplanationResource = z.infer<typeof ExplanationResource>

export const PreviewResource = z.strictObject(Preview.shape)
export type PreviewResource = z.infer<typeof PreviewResource>

export const CascadeResource = z.strictObject(Cascade.omit({ tenant_id: true }).shape)
export type CascadeResource = z.infer<typeof CascadeResource>

export const BudgetResource = z.strictObject({ ...TenantBudget.shape, spent_today: SpentToday })
export type BudgetResource = z.infer<typeof BudgetResource>

export const PurgeResource = z.strictObject(Purge.omit({ tenant_id: true }).shape)
export type PurgeResource = z.infer<typeof PurgeResource>

export const VerificationResource = z.strictObject(Verification.omit({ tenant_id: true }).shape)
export type VerificationResource = z.infer<typeof VerificationResource>

export const ProviderResource = z.strictObject(Provider.omit({ tenant_id: true }).shape)
export type ProviderResource = z.infer<typeof ProviderResource>

/** `settled` is true only when all that follows from the head of `root_id` has been made. */
export const GraphResource = z.strictObject(Graph.shape)
export type GraphResource = z.infer<typeof GraphResource>

export const PastGraphResource = z.strictObject(PastGraph.shape)
export type PastGraphResource = z.infer<typeof PastGraphResource>

export const ProvenanceResource = z.strictObject(Provenance.shape)
export type ProvenanceResource = z.infer<typeof ProvenanceResource>

// ── what clients send ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Bytes of a blob in an envelope: base64, plain text, or the `content_hash` of content that the studio keeps for this tenant already. */
const envelopeContent = { content: z.string().optional(), text: z.string().optional(), content_id: Sha256.optional() }

/** At most as long as the content types that are stored. */
const PublicContentType = z.string().max(255)
/** The ids are those of providers, which also bounds the events that carry them. */
const PublicTriggerPolicy = z.union([z.literal(['auto', 'none']), z.array(ProviderId).max(50)])

/** A delta id that a client chose. Its time orders concurrent changes, so it is a UUIDv7 (RFC 9562 section 5.7). */
const ClientDeltaId = z.uuidv7('must be a UUIDv7').transform((id) => id.toLowerCase())

/** What each change of a blob that is there may say of itself. */
const changeMembers = {
  from_version: PublicVersionNumber.optional(),
  conflict: ConflictPolicy.optional(),
  delta_id: ClientDeltaId.optional(),
}

/** How a `patch` is written: the media types that PATCH takes. */
export const PatchType = z.enum([
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/vnd.studio.text-patch+json',
  'text/x-diff',
])
export type PatchType = z.infer<typeof PatchType>

/**
 * POST /blobs. Exactly one of `content`, `text`, `content_id`; `content_type` may be left out for `text` (text/plain). `conflict_policy` is
 * the default of the blob's later changes; `publication` says when readers see what follows from it.
 */
export const CreateBlob = z.strictObject({
  ...envelopeContent,
  content_type: PublicContentType.optional(),
  metadata: Metadata.default({}),
  providers: PublicTriggerPolicy.default('auto'),
  conflict_policy: ConflictPolicy.default('reject'),
  publication: Publication.default('immediate'),
  delta_id: ClientDeltaId.optional(),
})
export type CreateBlob = z.infer<typeof CreateBlob>

/**
 * PATCH /blobs/{id} as application/json. At most one of `content`, `text`, `content_id`, `patch` (a string for text/x-diff, else JSON); none
 * of them changes `metadata`, `conflict_policy` or `publication` only. `metadata` takes the place of what was there. `from_version` is the version that the
 * change was made on; `conflict` says what becomes of it when the head is another one, else the blob's `conflict_policy` does.
 */
export const UpdateBlob = z.strictObject({
  ...envelopeContent,
  content_type: PublicContentType.optional(),
  patch: z.unknown().optional(),
  patch_type: PatchType.default('application/json-patch+json'),
  metadata: Metadata.optional(),
  conflict_policy: ConflictPolicy.optional(),
  publication: Publication.optional(),
  ...changeMembers,
})
export type UpdateBlob = z.infer<typeof UpdateBlob>

/** POST /blobs/{id}/revert: the content of `to_version` becomes a new version; it also brings a deleted blob back. */
export const RevertBlob = z.strictObject({ to_version: PublicVersionNumber, ...changeMembers })
export type RevertBlob = z.infer<typeof RevertBlob>

/**
 * POST /blobs/{id}/overlay: exactly one of `take`, `content`, `text`, `content_id`. `take` has the provider's output take the place of the edit, or the edit stand against it;
 * content is a new edit of that output. `generated_hash`: the output that was looked at; another one is refused.
 */
export const SettleOverlay = z.strictObject({
  take: z.enum(['generated', 'edited']).optional(),
  ...envelopeContent,
  content_type: PublicContentType.optional(),
  generated_hash: Sha256.optional(),
  ...changeMembers,
})
export type SettleOverlay = z.infer<typeof SettleOverlay>

/** POST /batches and POST /bulk. Each operation is a BlobOperation, judged one by one. */
export const OperationList = z.strictObject({ operations: z.array(z.unknown()).min(1).max(maximumOperations) })

/** One operation of a list: the envelope of the request that does the same alone, with its blob's id. */
export const BlobOperation = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('create'), ...CreateBlob.shape }),
  z.strictObject({ op: z.literal('update'), blob_id: Uuid, ...UpdateBlob.shape }),
  z.strictObject({ op: z.literal('delete'), blob_id: Uuid, ...changeMembers }),
  z.strictObject({ op: z.literal('revert'), blob_id: Uuid, ...RevertBlob.shape }),
])
export type BlobOperation = z.infer<typeof BlobOperation>

/** The header `Studio-Delta-Id`. */
export const DeltaIdHeader = ClientDeltaId

/** POST /providers. */
export const RegisterProvider = z.strictObject(ProviderManifest.shape)
/** PATCH /providers/{id}. */
export const UpdateProvider = z.strictObject({ status: Provider.shape.status })

/** POST /providers/{id}/process. `label` keeps several derivations of one blob by one provider apart. */
export const ProcessBlob = z.strictObject({
  blob_id: Uuid,
  configuration: JsonObject.default({}),
  label: Line.max(100).default(''),
})
export type ProcessBlob = z.infer<typeof ProcessBlob>

/** One blob, or where the provider takes a list several in the order that counts. */
const PublicInputs = z.record(InputName, z.union([Uuid.transform((id) => [id]), z.array(Uuid).min(1).max(500)]))

/** POST /derivations. `label` keeps several derivations of the same provider and inputs apart. */
export const CreateDerivation = z.strictObject({
  provider_id: ProviderId,
  inputs: PublicInputs,
  configuration: JsonObject.default({}),
  label: Line.max(100).default(''),
})

/** PATCH /derivations/{id}: other inputs (all of them), another configuration, or both. */
export const UpdateDerivation = z
  .strictObject({ inputs: PublicInputs.optional(), configuration: JsonObject.optional() })
  .refine(({ inputs, configuration }) => inputs ?? configuration, 'must have inputs, configuration, or both')

/** Caps that are left out are none. */
const PublicBudget = z.strictObject({
  runs: Budget.shape.runs.default(null),
  tokens: Budget.shape.tokens.default(null),
  cost_microdollars: Budget.shape.cost_microdollars.default(null),
})

/** PUT /budget. */
export const SetBudget = z.strictObject({
  per_day: PublicBudget.prefault({}),
  per_cascade: PublicBudget.prefault({}),
})
/** PATCH /cascades/{id}. */
export const UpdateCascade = z.strictObject({ budget: PublicBudget })
/** POST /cascades/{id}/resume; an empty body leaves the budget as it is. */
export const ResumeCascade = z.strictObject({ budget: PublicBudget.optional() })
