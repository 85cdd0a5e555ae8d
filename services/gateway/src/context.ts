import { createClient, type Client } from '@studio/clients'
import { blobApi, dagApi, deltaApi, registryApi } from '@studio/contracts'
import type { Logger } from '@studio/telemetry'
import { createThreads, type Threads } from '@studio/threads'
import { createTokenVerifier, type VerifyToken } from './auth/verify-token.ts'
import type { Config } from './config.ts'
import { limitsFor, type Limits } from './domain/limits.ts'
import * as longWork from './domain/long-work.ts'

/** What the routes work with. */
export interface Context {
  readonly log: Logger
  readonly limits: Limits
  readonly threads: Threads<typeof longWork>
  readonly verifyToken: VerifyToken
  readonly blob: Client<typeof blobApi>
  readonly deltaEngine: Client<typeof deltaApi>
  readonly dag: Client<typeof dagApi>
  readonly registry: Client<typeof registryApi>
  close(): Promise<void>
}

export function createContext(config: Config, log: Logger): Context {
  const token = config.STUDIO_INTERNAL_TOKEN
  const blob = createClient(blobApi, { baseUrl: config.BLOB_URL, token })
  const deltaEngine = createClient(deltaApi, { baseUrl: config.DELTA_ENGINE_URL, token })
  const dag = createClient(dagApi, { baseUrl: config.DAG_URL, token })
  const registry = createClient(registryApi, { baseUrl: config.PROVIDER_REGISTRY_URL, token })
  const threads = createThreads(new URL('./domain/long-work.ts', import.meta.url), longWork)
  return {
    log,
    threads,
    limits: limitsFor(config.STUDIO_MAX_BLOB_BYTES),
    verifyToken: createTokenVerifier({
      secret: config.STUDIO_JWT_SECRET,
      jwksUrl: config.STUDIO_JWKS_URL,
      issuer: config.STUDIO_JWT_ISSUER,
      audience: config.STUDIO_JWT_AUDIENCE,
    }),
    blob,
    deltaEngine,
    dag,
    registry,
    close: async () => {
      await Promise.all([threads.close(), blob.close(), deltaEngine.close(), dag.close(), registry.close()])
    },
  }
}
