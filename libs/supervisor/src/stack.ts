import { join } from 'node:path'
import { natsPart } from './engines/nats.ts'
import { postgresPart, postgresUrl } from './engines/postgres.ts'
import { temporalPart } from './engines/temporal.ts'
import type { EngineBinaries } from './engines/binaries.ts'
import type { Environment } from './environment.ts'
import { migrate } from './migrations.ts'
import type { Part, TaskPart } from './part.ts'
import { freePort, preferredPort } from './ports.ts'
import { serviceFolders, type ServiceName } from './project.ts'
import type { Secrets } from './secrets.ts'
import { servicePart, type Addresses } from './services.ts'

/** The loopback ports of a studio. */
export interface StackPorts {
  postgres: number
  nats: number
  natsMonitor: number
  temporal: number
  temporalUi: number
  services: Record<ServiceName, number>
}

/** The ports that a studio takes where they are free. */
export const defaultPorts: StackPorts = {
  postgres: 54329,
  nats: 4222,
  natsMonitor: 8222,
  temporal: 7233,
  temporalUi: 8233,
  services: {
    gateway: 8010,
    blob: 8011,
    'delta-engine': 8012,
    dag: 8013,
    'provider-registry': 8014,
    worker: 8015,
    verifier: 8016,
  },
}

async function mapPorts(ports: StackPorts, choose: (port: number) => Promise<number>): Promise<StackPorts> {
  const { services, ...engines } = ports
  const mapAll = async <K extends string>(record: Record<K, number>): Promise<Record<K, number>> => {
    const chosen: [string, number][] = []
    for (const [name, port] of Object.entries<number>(record)) chosen.push([name, await choose(port)])
    return Object.fromEntries(chosen) as Record<K, number>
  }
  return { ...(await mapAll(engines)), services: await mapAll(services) }
}

/** The preferred ports where they are free, other free ones in their place; the gateway's is taken as it is. */
export async function choosePorts(preferred: StackPorts): Promise<StackPorts> {
  const taken = new Set([preferred.services.gateway])
  const chosen = await mapPorts(preferred, (port) => preferredPort(port, taken))
  return { ...chosen, services: { ...chosen.services, gateway: preferred.services.gateway } }
}

/** Free ports for everything, so that several studios run side by side. */
export async function freePorts(): Promise<StackPorts> {
  const taken = new Set<number>()
  return mapPorts(defaultPorts, () => freePort(taken))
}

export interface StackOptions {
  /** Folder of everything that a studio stores. */
  dataDir: string
  ports: StackPorts
  secrets: Secrets
  engines: EngineBinaries
  logLevel: string
  /** Machine settings and the user's settings of the studio are taken from it; usually process.env. */
  environment: Environment
  /** Added to the environment of single services. */
  env?: Partial<Record<ServiceName, Record<string, string>>>
  /** PostgreSQL settings besides the studio's own. */
  postgresSettings?: Record<string, string>
  /** Added to Temporal's dynamic configuration, as `name=value`. */
  temporalSettings?: readonly string[]
  root?: string
}

/** The folder of the logs of a studio, `<part>.log`. */
export function logFolderOf(dataDir: string): string {
  return join(dataDir, 'logs')
}

/** Where the parts of a stack find each other. */
export function addressesOf(options: Pick<StackOptions, 'ports' | 'secrets'>): Addresses {
  const { ports, secrets } = options
  return {
    databaseUrl: postgresUrl({ port: ports.postgres, password: secrets.postgresPassword }),
    natsUrl: `nats://127.0.0.1:${ports.nats}`,
    temporalHost: `127.0.0.1:${ports.temporal}`,
    servicePorts: ports.services,
  }
}

/** postgres, nats, temporal. */
export function engineParts(options: StackOptions): Part[] {
  const { dataDir, ports, engines, environment } = options
  return [
    postgresPart({
      binary: engines.postgres,
      folder: join(dataDir, 'postgres'),
      port: ports.postgres,
      password: options.secrets.postgresPassword,
      environment,
      settings: options.postgresSettings,
    }),
    natsPart({
      binary: engines.nats,
      folder: join(dataDir, 'nats'),
      port: ports.nats,
      monitorPort: ports.natsMonitor,
      environment,
    }),
    temporalPart({
      binary: engines.temporal,
      folder: join(dataDir, 'temporal'),
      port: ports.temporal,
      uiPort: ports.temporalUi,
      settings: options.temporalSettings ?? [],
      environment,
    }),
  ]
}

/** The task that brings the schemas of all services to their newest migrations. */
export function migratePart(options: Pick<StackOptions, 'environment' | 'root'> & { databaseUrl: string }): TaskPart {
  return {
    kind: 'task',
    name: 'migrate',
    dependsOn: ['postgres'],
    deadlineMs: 120_000,
    run: async (report, signal) => {
      await migrate({
        databaseUrl: options.databaseUrl,
        environment: options.environment,
        root: options.root,
        report,
        signal,
      })
    },
  }
}

/** All parts of a studio: engines, migrations, services. */
export function stackParts(options: StackOptions): Part[] {
  const { secrets, logLevel, environment, root } = options
  const addresses = addressesOf(options)
  const names = Object.keys(serviceFolders) as ServiceName[]
  return [
    ...engineParts(options),
    migratePart({ databaseUrl: addresses.databaseUrl, environment, root }),
    ...names.map((name) =>
      servicePart({ name, addresses, secrets, logLevel, environment, root, env: options.env?.[name] }),
    ),
  ]
}
