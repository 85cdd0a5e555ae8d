import { loadConfig, milliseconds, serviceEnv, variables } from '@studio/config'
import { z } from 'zod'

const environment = z.object({
  ...serviceEnv,
  DATABASE_URL: variables.DATABASE_URL,
  NATS_URL: variables.NATS_URL,
  STUDIO_MAX_BLOB_BYTES: variables.STUDIO_MAX_BLOB_BYTES,
  STUDIO_PACK_MS: milliseconds.default(5_000),
})
export type Config = z.infer<typeof environment>

/** The settings of this process; a bad value ends it with one line that says which. */
export const readConfig = (): Config => loadConfig(environment)
