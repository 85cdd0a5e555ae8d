import { createClient, type Client as InternalClient } from '@studio/clients'
import { blobApi, deltaApi, registryApi, subjectsFor } from '@studio/contracts'
import { createDatabase, type Database } from '@studio/database'
import { openBus, startConsumer, startRelay, type Bus } from '@studio/events'
import type { Logger } from '@studio/telemetry'
import { Client, Connection } from '@temporalio/client'
import type { Config } from './config.ts'
import type { JobReader } from './domain/job-reader.ts'
import type { Arrivals, GraphStore, Providers } from './domain/ports.ts'
import type { Purges } from './domain/purge/ports.ts'
import { reconcile } from './domain/reconcile.ts'
import { sweepMemos } from './domain/sweep-memos.ts'
import { onBlobChanged } from './events/on-blob-changed.ts'
import { createProviders } from './providers/registry-providers.ts'
import { createArrivals } from './arrivals.ts'
import { advancePurges } from './purger.ts'
import { createPublisher } from './publisher.ts'
import { createBacklog } from './store/backlog.ts'
import { createGraphStore } from './store/graph-store.ts'
import { createJobReader, createPrisma } from './store/job-reader.ts'
import { createMemoBacklog } from './store/memos.ts'
import { listUntold, markTold, readUntold } from './store/publications.ts'
import { createPurges } from './store/purge/purges.ts'
import { memosDropped, notReconciled, publicationWaits, reconciled } from './telemetry.ts'
import { createCascadeBell, type TemporalBell } from './temporal/cascade-bell.ts'
import { createVerifications, type Verifications } from './temporal/verifications.ts'

const memoSweepMs = 60 * 60 * 1000
/** Nearly always there is none to go on with, which an index of nothing tells. */
const purgeMs = 500

export interface Context {
  readonly config: Config
  readonly log: Logger
  readonly database: Database
  readonly prisma: ReturnType<typeof createPrisma>
  readonly bus: Bus
  readonly blob: InternalClient<typeof blobApi>
  readonly registry: InternalClient<typeof registryApi>
  readonly providers: Providers
  readonly store: GraphStore
  readonly jobs: JobReader
  readonly purges: Purges
  readonly bell: TemporalBell
  readonly arrivals: Arrivals
  readonly verifications: Verifications
  /** Begins to take events and to reconcile. */
  start(): void
  close(): Promise<void>
}

export function createContext(config: Config, log: Logger): Context {
  const database = createDatabase({ url: config.DATABASE_URL, schema: 'dag', log })
  const prisma = createPrisma(database)
  const bus = openBus({ url: config.NATS_URL, name: 'dag', log })
  const relay = startRelay({ database, bus, log })
  const blob = createClient(blobApi, { baseUrl: config.BLOB_URL, token: config.STUDIO_INTERNAL_TOKEN })
  const delta = createClient(deltaApi, { baseUrl: config.DELTA_ENGINE_URL, token: config.STUDIO_INTERNAL_TOKEN })
  const registry = createClient(registryApi, {
    baseUrl: config.PROVIDER_REGISTRY_URL,
    token: config.STUDIO_INTERNAL_TOKEN,
  })
  const providers = createProviders(registry)
  const arrivals = createArrivals()
  const publisher = createPublisher(
    {
      listUntold: () => listUntold(database),
      readUntold: (tenantId) => readUntold(database, tenantId),
      markTold: (tenantId, told) => markTold(database, tenantId, told),
    },
    blob,
    (tenantId, error) => publicationWaits(log, tenantId, error),
  )
  const store = createGraphStore(
    database,
    { leaseMs: config.STUDIO_LEASE_MS, patienceMs: config.STUDIO_PATIENCE_MS },
    (tenantId, published) => {
      relay.poke()
      if (published) publisher.poke(tenantId)
      arrivals.tell(tenantId)
    },
  )
  // Lazily, so that dag starts and takes events while Temporal is away.
  const connection = Connection.lazy({ address: config.TEMPORAL_HOST })
  const temporal = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE })
  const bell = createCascadeBell({ client: temporal, log })
  const backlog = createBacklog(database, config.STUDIO_LEASE_MS)
  const memos = createMemoBacklog(database)
  const purges = createPurges(database)
  const stops: (() => Promise<void>)[] = []

  return {
    config,
    log,
    database,
    prisma,
    bus,
    blob,
    registry,
    providers,
    store,
    jobs: createJobReader(prisma, database),
    purges,
    bell,
    arrivals,
    verifications: createVerifications(temporal),
    start() {
      const began = Date.now()
      const consumer = startConsumer({
        bus,
        log,
        durable: 'dag',
        filterSubjects: subjectsFor('dag'),
        handle: onBlobChanged({ store, providers, bell, arrivals }),
      })
      stops.push(() => consumer.close())
      stops.push(
        every(config.STUDIO_RECONCILE_MS, log, async () => {
          // While dag was away nobody could renew a lease: workers get one lease's time to do so.
          const mayRelease = Date.now() - began > config.STUDIO_LEASE_MS
          const onFailure = (tenantId: string | null, error: unknown) => notReconciled(log, tenantId, error)
          const deps = { store, backlog, bell, workflows: bell, onFailure }
          reconciled(log, await reconcile(deps, { patienceMs: config.STUDIO_RECONCILE_MS, mayRelease }))
        }),
      )
      stops.push(every(purgeMs, log, () => advancePurges({ store, purges, bell, blob, delta, log })))
      // Apart from the rest: what is to be rung must not wait for blob.
      stops.push(every(config.STUDIO_RECONCILE_MS, log, () => publisher.tellAll()))
      const bounds = { days: config.STUDIO_MEMO_DAYS, bytes: config.STUDIO_MEMO_BYTES }
      stops.push(
        every(
          memoSweepMs,
          log,
          async () => memosDropped(log, await sweepMemos({ store, memos }, bounds)),
          config.STUDIO_RECONCILE_MS,
        ),
      )
    },
    async close() {
      for (const stop of stops) await stop()
      await publisher.close()
      await bell.close()
      await connection.close()
      await relay.close()
      await bus.close()
      await prisma.$disconnect()
      await Promise.all([blob.close(), delta.close(), registry.close()])
      await database.close()
    },
  }
}

/** Does something again and again, `pauseMs` after it last ended; a failure is logged and the next turn tries anew. */
function every(pauseMs: number, log: Logger, work: () => Promise<void>, firstPauseMs = pauseMs): () => Promise<void> {
  let running = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const turn = (): void => {
    running = work()
      .catch((error: unknown) => log.warn({ error }, 'the reconciler could not finish its turn'))
      .finally(() => {
        if (!stopped) timer = setTimeout(turn, pauseMs)
      })
  }
  timer = setTimeout(turn, firstPauseMs)
  return async () => {
    stopped = true
    clearTimeout(timer)
    await running
  }
}
