import { join } from 'node:path'
import { machineEnvironment, pick, type Environment } from './environment.ts'
import type { ProcessPart } from './part.ts'
import { probeHttp } from './probe.ts'
import { projectRoot, serviceFolders, type ServiceName } from './project.ts'
import type { Secrets } from './secrets.ts'

/** Where the engines and the other services are. */
export interface Addresses {
  databaseUrl: string
  natsUrl: string
  /** host:port */
  temporalHost: string
  servicePorts: Readonly<Record<ServiceName, number>>
}

export interface ServiceOptions {
  name: ServiceName
  addresses: Addresses
  secrets: Secrets
  logLevel: string
  environment: Environment
  root?: string
  /** Added last. */
  env?: Readonly<Record<string, string>>
  /** Another port than the one in `addresses`, for a second process of the same service. */
  port?: number
  /** Another entry module, relative to the root, for instance a worker with test providers. */
  entry?: string
}

/** Settings that a user may give to a studio; they reach the services as they are. */
const settings = [
  ...[
    'STUDIO_MAX_BLOB_BYTES',
    'STUDIO_LEASE_MS',
    'STUDIO_PATIENCE_MS',
    'STUDIO_RECONCILE_MS',
    'STUDIO_MEMO_DAYS',
    'STUDIO_MEMO_BYTES',
    'STUDIO_PACK_MS',
    'STUDIO_EXPANDER_URL',
    'STUDIO_EXPANDER_MODEL',
    'STUDIO_EXPANDER_API_KEY',
    'STUDIO_EXPANDER_COST_PER_1K_TOKENS',
  ],
  ...[
    'STUDIO_JWT_SECRET',
    'STUDIO_JWKS_URL',
    'STUDIO_JWT_ISSUER',
    'STUDIO_JWT_AUDIENCE',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
  ],
]

const dependencies: Record<ServiceName, readonly string[]> = {
  blob: ['migrate', 'nats'],
  'provider-registry': ['migrate', 'nats'],
  dag: ['migrate', 'nats', 'temporal'],
  'delta-engine': ['migrate', 'nats'],
  worker: ['temporal', 'provider-registry'],
  verifier: ['migrate', 'temporal'],
  gateway: ['blob', 'provider-registry', 'dag', 'delta-engine'],
}

/** The complete environment of a service process. */
export function serviceEnvironment(options: ServiceOptions): Record<string, string> {
  const { name, addresses, secrets } = options
  const { servicePorts } = addresses
  const url = (service: ServiceName): string => `http://127.0.0.1:${servicePorts[service]}`
  const root = options.root ?? projectRoot
  return {
    ...machineEnvironment(options.environment),
    NODE_COMPILE_CACHE: join(root, '.tools', 'compile-cache'),
    PORT: String(options.port ?? servicePorts[name]),
    HOST: '127.0.0.1',
    LOG_LEVEL: options.logLevel,
    BLOB_URL: url('blob'),
    DELTA_ENGINE_URL: url('delta-engine'),
    DAG_URL: url('dag'),
    PROVIDER_REGISTRY_URL: url('provider-registry'),
    TEMPORAL_HOST: addresses.temporalHost,
    TEMPORAL_NAMESPACE: 'default',
    // what proves the services right does not talk to them
    ...(name === 'verifier' ? {} : { STUDIO_INTERNAL_TOKEN: secrets.internalToken }),
    // the gateway and the worker own no tables and see no credentials of the database
    ...(name === 'gateway' || name === 'worker'
      ? {}
      : { DATABASE_URL: addresses.databaseUrl, NATS_URL: addresses.natsUrl }),
    ...(name === 'gateway' ? { STUDIO_JWT_SECRET: secrets.jwtSecret } : {}),
    ...pick(options.environment, settings),
    ...options.env,
  }
}

/** One process of the studio itself, run from source. */
export function servicePart(options: ServiceOptions): ProcessPart {
  const { name } = options
  const root = options.root ?? projectRoot
  const port = options.port ?? options.addresses.servicePorts[name]
  const url = `http://127.0.0.1:${port}`
  return {
    kind: 'process',
    name,
    dependsOn: dependencies[name],
    port,
    url,
    deadlineMs: 60_000,
    stopSignal: 'SIGTERM',
    stopGraceMs: 12_000,
    command: () => ({
      file: process.execPath,
      // measured: with 1 MiB garbage collection takes a fifth of the time (an edit of 10 × 5 nodes 1,014 → 844 ms with 16), with 8 some 3 % of that of 1,000 nodes; 16 cost the stack some 10 MB at rest
      args: ['-C', 'source', '--max-semi-space-size=16', options.entry ?? join(serviceFolders[name], 'src/main.ts')],
      cwd: root,
      env: serviceEnvironment(options),
    }),
    probe: (signal) => probeHttp(`${url}/readyz`, signal),
  }
}
