import { loadConfig, serviceEnv, variables } from '@studio/config'
import { z } from 'zod'

const environment = z.object({
  ...serviceEnv,
  DATABASE_URL: variables.DATABASE_URL,
  NATS_URL: variables.NATS_URL,
  TEMPORAL_HOST: variables.TEMPORAL_HOST,
  TEMPORAL_NAMESPACE: variables.TEMPORAL_NAMESPACE,
  BLOB_URL: variables.BLOB_URL,
  DELTA_ENGINE_URL: variables.DELTA_ENGINE_URL,
  PROVIDER_REGISTRY_URL: variables.PROVIDER_REGISTRY_URL,
  STUDIO_LEASE_MS: variables.STUDIO_LEASE_MS,
  STUDIO_PATIENCE_MS: variables.STUDIO_PATIENCE_MS,
  STUDIO_RECONCILE_MS: variables.STUDIO_RECONCILE_MS,
  STUDIO_MEMO_DAYS: variables.STUDIO_MEMO_DAYS,
  STUDIO_MEMO_BYTES: variables.STUDIO_MEMO_BYTES,
})

export type Config = z.infer<typeof environment>

export const readConfig = (): Config => loadConfig(environment)
