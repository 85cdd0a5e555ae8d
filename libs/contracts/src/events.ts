import { z } from 'zod'
import { Operation, Publication, Sha256, Traceparent, TriggerPolicy, Uuid, VersionNumber } from './common.ts'
import { OverlaySide, OverlayState } from './overlay.ts'
import { RunOutcome } from './run.ts'

/**
 * CloudEvents 1.0 (JSON form) as the studio sends them: one event a tenant and commit, `data.facts` holds one fact a blob.
 * Ids and hashes only, never content. `subject` is the tenant id.
 */
const cloudEvent = <Type extends string, Fact extends z.ZodType>(type: Type, fact: Fact) =>
  z.object({
    specversion: z.literal('1.0'),
    id: Uuid,
    source: z.string(),
    type: z.literal(type),
    subject: Uuid,
    time: z.string(),
    datacontenttype: z.literal('application/json'),
    data: z.object({ facts: z.array(fact) }),
  })

/** A new version of a blob (created, updated or deleted). */
export const BlobFact = z.object({
  blob_id: Uuid,
  user_id: Uuid,
  version: VersionNumber,
  version_id: Uuid,
  operation: Operation,
  content_type: z.string(),
  content_hash: Sha256,
  size: z.int(),
  delta_id: Uuid,
  caused_by: Uuid.nullable(),
  created_by: z.string(),
  parent_id: Uuid.nullable(),
  root_id: Uuid,
  depth: z.int(),
  providers: TriggerPolicy,
  /** Where a user's edit stands: how, and what the provider has made. */
  overlay: z.object({ state: OverlayState, generated: OverlaySide }).nullish(),
  /** Events from before there was a choice have none. */
  publication: Publication.default('immediate'),
  traceparent: Traceparent.nullable(),
})
export type BlobFact = z.infer<typeof BlobFact>

export const DeltaFact = z.object({
  delta_id: Uuid,
  blob_id: Uuid,
  operation: Operation,
  status: z.enum(['applied', 'failed']),
  to_version: VersionNumber.nullable(),
  provider_id: z.string().nullable(),
  error_code: z.string().nullable(),
})
export type DeltaFact = z.infer<typeof DeltaFact>

export const RunFact = z.object({
  run_id: Uuid,
  blob_id: Uuid,
  provider_id: z.string(),
  outcome: RunOutcome,
  version: VersionNumber.nullable(),
  content_hash: Sha256.nullable(),
})
export type RunFact = z.infer<typeof RunFact>

export const CascadeFact = z.object({ cascade_id: Uuid, root_id: Uuid, caused_by: Uuid.nullable(), nodes: z.int() })
export type CascadeFact = z.infer<typeof CascadeFact>

export const ProviderFact = z.object({
  provider_id: z.string(),
  version: z.string(),
  status: z.enum(['active', 'disabled']),
})
export type ProviderFact = z.infer<typeof ProviderFact>

export const eventSchemas = {
  'studio.blob.created': cloudEvent('studio.blob.created', BlobFact),
  'studio.blob.updated': cloudEvent('studio.blob.updated', BlobFact),
  'studio.blob.deleted': cloudEvent('studio.blob.deleted', BlobFact),
  'studio.delta.applied': cloudEvent('studio.delta.applied', DeltaFact),
  'studio.delta.failed': cloudEvent('studio.delta.failed', DeltaFact),
  'studio.run.settled': cloudEvent('studio.run.settled', RunFact),
  'studio.cascade.started': cloudEvent('studio.cascade.started', CascadeFact),
  'studio.cascade.settled': cloudEvent('studio.cascade.settled', CascadeFact),
  'studio.provider.registered': cloudEvent('studio.provider.registered', ProviderFact),
  'studio.provider.updated': cloudEvent('studio.provider.updated', ProviderFact),
} as const

export type EventType = keyof typeof eventSchemas
export type StudioEvent = { [Type in EventType]: z.infer<(typeof eventSchemas)[Type]> }[EventType]

/** Subject of an event of a tenant. Events that concern all tenants (a common provider) use the nil uuid. */
export function subjectOf(type: EventType, tenantId: string): string {
  return `${type}.${tenantId}`
}
export const everyTenant = '00000000-0000-0000-0000-000000000000'
