import { loadConfig, serviceEnv, variables } from '@studio/config'
import { z } from 'zod'

const environment = z.object({
  ...serviceEnv,
  DATABASE_URL: variables.DATABASE_URL,
  NATS_URL: variables.NATS_URL,
  BLOB_URL: variables.BLOB_URL,
})

export type Config = z.infer<typeof environment>
export const readConfig = (): Config => loadConfig(environment)
