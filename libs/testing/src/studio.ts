import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import {
  type DatabaseService,
  databaseSchemas,
  newSecrets,
  projectRoot,
  type Secrets,
  type ServiceName,
} from '@studio/supervisor'
import { remove, throwawayFolder } from './folder.ts'
import { api, type Api } from './api.ts'
import type { Backend } from './backend.ts'
import { createContainers } from './containers/backend.ts'
import { environmentOf } from './environment.ts'
import { migrate } from './migrations.ts'
import { entryOf, isEngine, type PartName, serviceNames } from './parts.ts'
import { createProcesses } from './processes/backend.ts'
import { signToken } from './token.ts'
import { waitFor } from './wait-for.ts'

export type Environment = Record<string, string>

export type StudioOptions = {
  /** What runs the parts. Default: STUDIO_TEST_BACKEND, else processes. */
  backend?: 'processes' | 'containers'
  /** The services to start, default all that exist. The engines always run. */
  services?: ServiceName[]
  /** Variables for all services. */
  env?: Environment
  /** Variables for single parts, over `env`. */
  partEnv?: Partial<Record<PartName, Environment>>
  /** Further workers by name: a module of the repository (path from its root, or absolute) that Node runs. */
  workers?: Record<string, string>
}

/** A studio of its own: nothing of it is shared with another one, and nothing stays after `stop()` or a crash. */
export type TestStudio = {
  readonly backend: 'processes' | 'containers'
  /** The gateway. */
  readonly url: string
  /** Any service, reached from the test. */
  serviceUrl(name: PartName): string
  readonly databaseUrl: string
  readonly natsUrl: string
  readonly temporalAddress: string
  readonly internalToken: string
  readonly jwtSecret: string
  /** A folder that test and parts see under the same path: proof files of failpoints go here. */
  readonly folder: string
  /** A bearer token of the tenant with this name; each name of each studio is a fresh tenant. */
  tokenFor(name: string, claims?: Record<string, unknown>): string
  /** The tenant of `tokenFor(name)`, a uuid. */
  tenantOf(name: string): string
  /** A REST client at the gateway with that token. */
  as(name: string): Api
  /** Ends a part by SIGKILL; resolves when it is dead. */
  kill(name: PartName): Promise<void>
  /** Stops a part in its orderly way (services: SIGTERM); resolves when it is gone. */
  terminate(name: PartName): Promise<void>
  /** Resolves when a part has died by itself, at a failpoint say. */
  died(name: PartName, options?: { timeoutMs?: number }): Promise<void>
  /** Starts a part that has ended, and waits until it is ready. `env` goes over what it had, for this start only. */
  start(name: PartName, options?: { env?: Environment }): Promise<void>
  /** Kills a part and starts it again. */
  restart(name: PartName, options?: { env?: Environment }): Promise<void>
  /** Stops an engine, empties it, starts it again. */
  wipe(name: 'nats' | 'temporal'): Promise<void>
  /** What a part has written so far, over all its starts. */
  logs(name: PartName): string
  stop(): Promise<void>
}

const readyDeadline = 150_000

/**
 * Starts engines and services on free ports and waits until each is ready. Where a part does not come up, everything is
 * stopped again and the error carries the end of its log.
 */
export async function startStudio(options: StudioOptions = {}): Promise<TestStudio> {
  const kind = options.backend ?? (process.env['STUDIO_TEST_BACKEND'] === 'containers' ? 'containers' : 'processes')
  const folder = await throwawayFolder()
  const services = servicesOf(options)
  const secrets = newSecrets()
  const create = kind === 'containers' ? createContainers : createProcesses
  const backend = await create({ services, folder, secrets })
  const studio = assemble({ kind, backend, secrets, folder, options })
  try {
    await Promise.all((['postgres', 'nats', 'temporal'] as const).map((engine) => backend.startEngine(engine)))
    await migrate(backend.outside.databaseUrl, Object.keys(databaseSchemas) as DatabaseService[])
    await Promise.all([...services.keys()].map((name) => studio.start(name)))
    return studio
  } catch (error) {
    await studio.stop()
    throw error
  }
}

/** Name → entry of the services to start. */
function servicesOf(options: StudioOptions): Map<PartName, string> {
  const services = new Map<PartName, string>()
  for (const name of options.services ?? serviceNames) {
    if (options.services || existsSync(join(projectRoot, entryOf(name)))) services.set(name, entryOf(name))
  }
  for (const [name, module] of Object.entries(options.workers ?? {})) {
    services.set(name, relative(projectRoot, resolve(projectRoot, module)))
  }
  return services
}

type Assembly = {
  kind: TestStudio['backend']
  backend: Backend
  secrets: Secrets
  folder: string
  options: StudioOptions
}

function assemble({ kind, backend, secrets, folder, options }: Assembly): TestStudio {
  const { outside } = backend
  const { internalToken, jwtSecret } = secrets
  const tenants = new Map<string, string>()
  const tenantOf = (name: string) => tenants.get(name) ?? tenants.set(name, randomUUID()).get(name)!
  const tokenFor = (name: string, claims = {}) => signToken(jwtSecret, { sub: tenantOf(name), ...claims })

  const startService = async (name: PartName, env: Environment) => {
    const common = environmentOf(name, backend, secrets)
    await backend.startService(name, { ...common, ...options.env, ...options.partEnv?.[name], ...env })
    await ready(backend, name)
  }
  const start: TestStudio['start'] = (name, { env = {} } = {}) =>
    isEngine(name) ? backend.startEngine(name) : startService(name, env)

  return {
    backend: kind,
    url: outside.serviceUrl('gateway'),
    serviceUrl: (name) => outside.serviceUrl(name),
    databaseUrl: outside.databaseUrl,
    natsUrl: outside.natsUrl,
    temporalAddress: outside.temporalAddress,
    internalToken,
    jwtSecret,
    folder,
    tokenFor,
    tenantOf,
    as: (name) => api(outside.serviceUrl('gateway'), tokenFor(name)),
    kill: (name) => backend.kill(name),
    terminate: (name) => backend.terminate(name),
    died: async (name, { timeoutMs = 30_000 } = {}) => {
      await waitFor(`${name} to die`, async () => !(await backend.isRunning(name)), { timeoutMs })
    },
    start,
    restart: async (name, with_) => {
      await backend.kill(name)
      await start(name, with_)
    },
    wipe: async (name) => {
      await backend.kill(name)
      await backend.empty(name)
      await backend.startEngine(name)
    },
    logs: (name) => backend.logs(name),
    stop: async () => {
      await backend.stop()
      await remove(folder)
    },
  }
}

/** Asks a service's readiness probe until it says 200; fails at once where the process has ended. */
async function ready(backend: Backend, name: PartName): Promise<void> {
  const probe = new URL('/readyz', backend.outside.serviceUrl(name))
  const tail = () => `\n--- log of ${name} ---\n${backend.logs(name).slice(-4000)}`
  const answer = await waitFor(
    `${name} to be ready`,
    async () => {
      if (!(await backend.isRunning(name))) return { failed: `${name} ended before it was ready` }
      const response = await fetch(probe, { signal: AbortSignal.timeout(5000) })
      if (response.ok) return { failed: undefined }
      throw new Error(`${response.status} ${await response.text()}`)
    },
    { timeoutMs: readyDeadline },
  ).catch((error: Error) => ({ failed: error.message }))
  if (answer.failed) throw new Error(answer.failed + tail())
}
