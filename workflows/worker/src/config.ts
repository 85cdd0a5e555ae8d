import { loadConfig, serviceEnv, variables } from '@studio/config'
import { z } from 'zod'

const environment = z.object({
  ...serviceEnv,
  TEMPORAL_HOST: variables.TEMPORAL_HOST,
  TEMPORAL_NAMESPACE: variables.TEMPORAL_NAMESPACE,
  BLOB_URL: variables.BLOB_URL,
  DELTA_ENGINE_URL: variables.DELTA_ENGINE_URL,
  DAG_URL: variables.DAG_URL,
  PROVIDER_REGISTRY_URL: variables.PROVIDER_REGISTRY_URL,
  STUDIO_LEASE_MS: variables.STUDIO_LEASE_MS,
  STUDIO_MAX_BLOB_BYTES: variables.STUDIO_MAX_BLOB_BYTES,
  STUDIO_EXPANDER_URL: variables.STUDIO_EXPANDER_URL,
  STUDIO_EXPANDER_MODEL: variables.STUDIO_EXPANDER_MODEL,
  STUDIO_EXPANDER_API_KEY: variables.STUDIO_EXPANDER_API_KEY,
  STUDIO_EXPANDER_COST_PER_1K_TOKENS: variables.STUDIO_EXPANDER_COST_PER_1K_TOKENS,
})

export type Config = z.infer<typeof environment>
export const readConfig = (): Config => loadConfig(environment)
