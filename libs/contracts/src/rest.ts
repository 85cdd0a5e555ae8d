import { z } from 'zod'
import { Blob, Version } from './blob.ts'
import { JsonObject, Metadata, Sha256, Timestamp, Uuid } from './common.ts'
import { Graph, Job, NodeState, Run } from './dag.ts'
import { Delta, DeltaStatus } from './delta.ts'
import { Provider, ProviderId, ProviderManifest } from './provider.ts'

// The public API, as the gateway serves it under /api/v1/studio and /api/v1. Answers are `{data}`, lists `{data, next}`.

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

/** A blob at its head. `processed_by` (by provider id), `text` and `content` are there when `include` asked for them. */
export const BlobResource = z.strictObject({
  ...Blob.omit({ tenant_id: true, providers: true }).shape,
  processed_by: z.record(z.string(), ProcessedBy).optional(),
  ...embeddedContent,
})
export type BlobResource = z.infer<typeof BlobResource>

export const VersionResource = z.strictObject({ ...Version.shape, ...embeddedContent })
export type VersionResource = z.infer<typeof VersionResource>

export const DeltaResource = z.strictObject(Delta.omit({ tenant_id: true }).shape)
export type DeltaResource = z.infer<typeof DeltaResource>

export const RunResource = z.strictObject(Run.omit({ tenant_id: true }).shape)
export type RunResource = z.infer<typeof RunResource>

/** A job is asked for by `process` and done by a run; `run` is null until that has ended. */
export const JobResource = z.strictObject({
  job_id: Uuid,
  ...Job.omit({ id: true, tenant_id: true }).shape,
  run: RunResource.nullable(),
})
export type JobResource = z.infer<typeof JobResource>

export const ProviderResource = z.strictObject(Provider.omit({ tenant_id: true }).shape)
export type ProviderResource = z.infer<typeof ProviderResource>

/** `settled` is true only when all that follows from the head of `root_id` has been made. */
export const GraphResource = z.strictObject(Graph.shape)
export type GraphResource = z.infer<typeof GraphResource>

// ── what clients send ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Bytes of a blob in an envelope: base64, plain text, or the `content_hash` of content that the studio keeps for this tenant already. */
const envelopeContent = { content: z.string().optional(), text: z.string().optional(), content_id: Sha256.optional() }

/** At most as long as the content types that are stored. */
const PublicContentType = z.string().max(255)
/** The ids are those of providers, which also bounds the events that carry them. */
const PublicTriggerPolicy = z.union([z.literal(['auto', 'none']), z.array(ProviderId).max(50)])

/** POST /blobs. Exactly one of `content`, `text`, `content_id`; `content_type` may be left out for `text` (text/plain). */
export const CreateBlob = z.strictObject({
  ...envelopeContent,
  content_type: PublicContentType.optional(),
  metadata: Metadata.default({}),
  providers: PublicTriggerPolicy.default('auto'),
})
export type CreateBlob = z.infer<typeof CreateBlob>

/**
 * PATCH /blobs/{id} as application/json. At most one of `content`, `text`, `content_id`, `patch` (JSON Patch: one operation or an array);
 * none of them changes `metadata` only. `metadata` takes the place of what was there. `from_version`: refuse (409) if the head is another one.
 */
export const UpdateBlob = z.strictObject({
  ...envelopeContent,
  content_type: PublicContentType.optional(),
  patch: z.unknown().optional(),
  metadata: Metadata.optional(),
  from_version: PublicVersionNumber.optional(),
})
export type UpdateBlob = z.infer<typeof UpdateBlob>

/** POST /blobs/{id}/revert: the content of `to_version` becomes a new version; it also brings a deleted blob back. */
export const RevertBlob = z.strictObject({
  to_version: PublicVersionNumber,
  from_version: PublicVersionNumber.optional(),
})
export type RevertBlob = z.infer<typeof RevertBlob>

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

// ── query parameters ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

const limit = (maximum: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}$/, 'must be a whole number from 1')
    .transform(Number)
    .refine((value) => value <= maximum, `must be at most ${maximum}`)
    .default(50)

const include = <const Part extends string>(parts: readonly Part[]) =>
  z
    .string()
    .transform((value) => value.split(','))
    .pipe(z.array(z.enum(parts)))
    .default([])

export const ReadBlobQuery = z.strictObject({ include: include(['content', 'processing']) })
export const ReadVersionQuery = z.strictObject({ include: include(['content']) })
export const CreateBlobQuery = z.strictObject({ raw: z.enum(['true', 'false']).default('false') })
/** PUT and DELETE, whose bodies are taken: `from_version` as in the envelope of PATCH. */
export const ChangeQuery = z.strictObject({
  from_version: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'must be a version number')
    .transform(Number)
    .optional(),
})
export const NoQuery = z.strictObject({})
export const ListBlobsQuery = z.strictObject({
  limit: limit(200),
  after: Uuid.optional(),
  root_id: Uuid.optional(),
  created_by: z.union([z.literal('user'), ProviderId]).optional(),
})
export const ListVersionsQuery = z.strictObject({
  limit: limit(200),
  after: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'must be a version number')
    .transform(Number)
    .optional(),
})
export const ListDeltasQuery = z.strictObject({
  limit: limit(200),
  after: Uuid.optional(),
  status: DeltaStatus.optional(),
})
export const ListRunsQuery = z.strictObject({ limit: limit(200), after: Uuid.optional() })
