import { loadConfig, serviceEnv, variables } from '@studio/config'
import { z } from 'zod'

const environment = z
  .object({
    ...serviceEnv,
    BLOB_URL: variables.BLOB_URL,
    DELTA_ENGINE_URL: variables.DELTA_ENGINE_URL,
    DAG_URL: variables.DAG_URL,
    PROVIDER_REGISTRY_URL: variables.PROVIDER_REGISTRY_URL,
    STUDIO_JWT_SECRET: variables.STUDIO_JWT_SECRET,
    STUDIO_JWKS_URL: variables.STUDIO_JWKS_URL,
    STUDIO_JWT_ISSUER: variables.STUDIO_JWT_ISSUER,
    STUDIO_JWT_AUDIENCE: variables.STUDIO_JWT_AUDIENCE,
    STUDIO_MAX_BLOB_BYTES: variables.STUDIO_MAX_BLOB_BYTES,
  })
  .refine((config) => config.STUDIO_JWT_SECRET !== undefined || config.STUDIO_JWKS_URL !== undefined, {
    path: ['STUDIO_JWT_SECRET'],
    message: 'must be set, or STUDIO_JWKS_URL instead of it',
  })

export type Config = z.infer<typeof environment>

export const readConfig = (): Config => loadConfig(environment)
