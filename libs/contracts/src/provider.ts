import { z } from 'zod'
import { JsonObject, Sha256, Timestamp, TriggerPolicy, Uuid, items } from './common.ts'
import { route } from './route.ts'

export const ProviderId = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be kebab-case')
  .max(64)
export const TriggerEvent = z.enum(['blob.created', 'blob.updated'])

/**
 * What a provider takes under one name: blobs of these content types (`text/*` allowed); one, or as a `list` any number from one on, in an
 * order that counts.
 */
export const InputSlot = z.strictObject({ types: z.array(z.string()).min(1), list: z.boolean().default(false) })
export type InputSlot = z.infer<typeof InputSlot>
export const InputName = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'must be snake_case')

/**
 * What a provider says of itself. Together with the version it is immutable: the registry refuses the same version with another manifest.
 * `trigger_created_by` names who must have made the blob ("user" or a provider id; empty: anyone). `trigger_patterns` are regular
 * expressions without look-around and back-references (RE2 syntax); one of them must be found in the content. `batch_size` is how
 * many nodes one run may take: 1 for work that is dear (network, money). Build metadata of a version (`1.0.0+some-model`) tells apart variants
 * of equal precedence that make different output: the one registered last is current. A trigger gives one blob, so that a provider with
 * triggers has exactly one input.
 */
export const ProviderManifest = z.object({
  id: ProviderId,
  version: z
    .string()
    .regex(
      /^\d{1,9}\.\d{1,9}\.\d{1,9}(\+[0-9A-Za-z.-]{1,64})?$/,
      'must be MAJOR.MINOR.PATCH, with +BUILD where it matters',
    ),
  name: z.string().min(1).max(100),
  description: z.string().max(2000),
  type: z.string().min(1).max(50),
  workflow_type: z.string().min(1).max(100),
  task_queue: z.string().min(1).max(100),
  /** By name. */
  inputs: z
    .record(InputName, InputSlot)
    .refine((inputs) => Object.keys(inputs).length > 0 && Object.keys(inputs).length <= 16, 'must name 1 to 16 inputs'),
  output_type: z.string(),
  /** JSON Schema of the configuration. */
  config_schema: JsonObject,
  default_config: JsonObject,
  /** JSON Schemas of input and output, where they are JSON. */
  input_schema: JsonObject.nullable().default(null),
  output_schema: JsonObject.nullable().default(null),
  /** Of each blob that it takes. */
  max_input_bytes: z.int().min(1),
  timeout_ms: z.int().min(100),
  batch_size: z.int().min(1).max(500),
  trigger_events: z.array(TriggerEvent),
  trigger_created_by: z.array(z.string()),
  trigger_patterns: z.array(z.string().max(1000)).max(20),
})
export type ProviderManifest = z.infer<typeof ProviderManifest>

/** A provider as the registry keeps it, with its newest version's manifest. `tenant_id` null: offered to every tenant. */
export const Provider = ProviderManifest.extend({
  tenant_id: Uuid.nullable(),
  status: z.enum(['active', 'disabled']),
  digest: Sha256,
  created_at: Timestamp,
  updated_at: Timestamp,
})
export type Provider = z.infer<typeof Provider>

/**
 * A blob that was made or changed, as the triggers look at it. `ancestry`: provider ids on the ways from its roots to it, its own included. `text`: the
 * content itself, where it is not stored.
 */
export const TriggerSubject = z.object({
  tenant_id: Uuid,
  event: TriggerEvent,
  content_type: z.string(),
  content_hash: Sha256,
  size: z.int().min(0),
  created_by: z.string(),
  ancestry: z.array(z.string()),
  providers: TriggerPolicy,
  text: z.string().optional(),
})
export type TriggerSubject = z.infer<typeof TriggerSubject>

export const registryApi = {
  /** Registers a version; the same manifest again is no change. Throws invalid_manifest, provider_version_conflict. */
  register: route(
    '/internal/providers/register',
    z.object({ tenant_id: Uuid.nullable(), manifest: ProviderManifest }),
    z.object({ provider: Provider }),
    { idempotent: true },
  ),
  /** Providers that a tenant sees (its own and the common ones). */
  list: route('/internal/providers/list', z.object({ tenant_id: Uuid }), z.object({ providers: z.array(Provider) }), {
    idempotent: true,
  }),
  /** One provider at its newest version, or at `version`; null where the tenant sees none. */
  read: route(
    '/internal/providers/read',
    items(z.object({ tenant_id: Uuid, provider_id: z.string(), version: z.string().optional() })),
    items(Provider.nullable()),
    { idempotent: true, itemwise: true },
  ),
  setStatus: route(
    '/internal/providers/status',
    z.object({ tenant_id: Uuid, provider_id: z.string(), status: z.enum(['active', 'disabled']) }),
    z.object({ provider: Provider }),
    { idempotent: true },
  ),
  /** Which providers' triggers apply to each blob. */
  match: route('/internal/matches', items(TriggerSubject), items(z.object({ providers: z.array(Provider) })), {
    idempotent: true,
    itemwise: true,
  }),
  /** Checks a configuration against the provider's schema and fills in its defaults. Throws provider_not_found, invalid_configuration. */
  resolveConfig: route(
    '/internal/providers/config',
    z.object({ tenant_id: Uuid, provider_id: z.string(), config: JsonObject }),
    z.object({ provider: Provider, config: JsonObject }),
    { idempotent: true },
  ),
} as const
