import { createClient, type Client } from '@studio/clients'
import { blobApi, dagApi, deltaApi, registryApi } from '@studio/contracts'
import { createApp, listen, runService } from '@studio/http'
import {
  createClaimActivities,
  createContentReader,
  createProviderActivities,
  type Provider,
} from '@studio/provider-kit'
import { createLogger, type Logger } from '@studio/telemetry'
import { createCascadeActivities } from '@studio/workflow-cascade'
import { NativeConnection, Worker } from '@temporalio/worker'
import type { Config } from './config.ts'
import { providersRegistered, workerRunning } from './telemetry.ts'
import { installRuntime } from './temporal-runtime.ts'
import { untilItAnswers } from './until-it-answers.ts'

export interface WorkerOptions {
  /** Name in logs and traces. */
  service: string
  config: Config
  providers: readonly Provider[]
  /** Workflow types, as `buildBundle` bundled them. */
  bundlePath: string
  taskQueue: string
}

/** The life of a worker process: registers its providers, polls its queue, answers health probes, drains on SIGTERM. */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { service, config } = options
  const log = createLogger({ service, level: config.LOG_LEVEL })
  await runService({
    service,
    log,
    otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    start: async () => {
      installRuntime(log)
      const hosting = hostProviders(options, log)
      const app = createApp({
        service,
        log,
        readiness: { providers: async () => hosting.checkRegistered(), temporal: async () => hosting.checkPolling() },
        routes: () => {},
      })
      const server = await listen(app, { host: config.HOST, port: config.PORT, log })
      return {
        close: async () => {
          await hosting.close()
          await server.close()
        },
      }
    },
  })
}

interface Hosting {
  /** Throws while not all providers are registered. */
  checkRegistered(): void
  /** Throws while the worker does not poll. */
  checkPolling(): void
  close(): Promise<void>
}

function hostProviders({ config, providers, bundlePath, taskQueue }: WorkerOptions, log: Logger): Hosting {
  const clients = openClients(config)
  const stopping = new AbortController()
  let worker: Worker | undefined
  let registered = false

  const work = async (): Promise<void> => {
    await registerProviders(clients.registry, providers, taskQueue, log, stopping.signal)
    registered = true
    const connection = await untilItAnswers('temporal', log, stopping.signal, () =>
      NativeConnection.connect({ address: config.TEMPORAL_HOST }),
    )
    try {
      worker = await Worker.create({
        connection,
        namespace: config.TEMPORAL_NAMESPACE,
        taskQueue,
        workflowBundle: { codePath: bundlePath },
        activities: createActivities(clients, config, providers, log),
        maxCachedWorkflows: 200,
        maxConcurrentActivityTaskExecutions: 200,
        workflowThreadPoolSize: 1,
        // What a worker that died had cached waits this long for it before any other may take it.
        stickyQueueScheduleToStartTimeout: '1s',
        shutdownGraceTime: '4s',
        shutdownForceTime: '8s',
      })
      workerRunning(log, taskQueue)
      if (!stopping.signal.aborted) await worker.run()
    } finally {
      await connection.close()
    }
  }
  // What ends it early is for runService to report: it takes uncaught rejections.
  const working = work().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error
  })

  return {
    checkRegistered: () => {
      if (!registered) throw new Error('not all providers are registered')
    },
    checkPolling: () => {
      if (worker?.getState() !== 'RUNNING') throw new Error('the worker does not poll')
    },
    close: async () => {
      stopping.abort()
      if (worker?.getState() === 'RUNNING') worker.shutdown()
      await working
      await Promise.all(Object.values(clients).map((client) => client.close()))
    },
  }
}

type Clients = ReturnType<typeof openClients>

function openClients(config: Config) {
  const token = config.STUDIO_INTERNAL_TOKEN
  return {
    registry: createClient(registryApi, { baseUrl: config.PROVIDER_REGISTRY_URL, token }),
    dag: createClient(dagApi, { baseUrl: config.DAG_URL, token }),
    delta: createClient(deltaApi, { baseUrl: config.DELTA_ENGINE_URL, token }),
    blob: createClient(blobApi, { baseUrl: config.BLOB_URL, token }),
  }
}

function createActivities(
  { dag, delta, blob }: Clients,
  config: Config,
  providers: readonly Provider[],
  log: Logger,
): object {
  const dependencies = {
    dag,
    delta,
    contents: createContentReader(blob),
    log,
    leaseMs: config.STUDIO_LEASE_MS,
    maxOutputBytes: config.STUDIO_MAX_BLOB_BYTES,
  }
  return Object.assign(
    { ...createCascadeActivities(dependencies), ...createClaimActivities(dependencies) },
    ...providers.map((provider) => createProviderActivities(provider, dependencies)),
  ) as object
}

async function registerProviders(
  registry: Client<typeof registryApi>,
  providers: readonly Provider[],
  taskQueue: string,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (const { manifest } of providers) {
    const registration = { tenant_id: null, manifest: { ...manifest, task_queue: taskQueue } }
    await untilItAnswers('provider-registry', log, signal, () => registry.call('register', registration, { signal }))
  }
  providersRegistered(
    log,
    taskQueue,
    providers.map(({ manifest }) => `${manifest.id}@${manifest.version}`),
  )
}
