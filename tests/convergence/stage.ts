import { startStudio, type PartName, type TestStudio } from '@studio/testing'
import { connect } from 'node:net'
import pg from 'pg'
import { bundleTestWorkflows } from '../providers/bundle.ts'

const releasedWorker = 'released-worker'

/** A studio to play histories on, with the tests' providers, of which one may be released anew. */
export interface Stage {
  readonly studio: TestStudio
  readonly database: pg.Pool
  /** Starts a part that has ended; `failpoints` as in STUDIO_FAILPOINTS. */
  start(part: PartName, failpoints?: string): Promise<void>
  /** The next version of the provider `released` takes the place of the one before. */
  release(): Promise<void>
  close(): Promise<void>
}

export async function openStage(): Promise<Stage> {
  await bundleTestWorkflows()
  const studio = await startStudio({
    env: { STUDIO_LEASE_MS: '3000', STUDIO_RECONCILE_MS: '1000', STUDIO_SWEEP_MS: '1000', STUDIO_PENDING_MS: '2000' },
    partEnv: { dag: { STUDIO_PATIENCE_MS: '1000' } },
    workers: { 'test-worker': 'tests/providers/main.ts', [releasedWorker]: 'tests/convergence/released-worker.ts' },
  })
  const database = new pg.Pool({ connectionString: studio.databaseUrl, max: 4 })
  // Connections that were idle when PostgreSQL was killed; the next query opens new ones.
  database.on('error', () => undefined)
  let release = 0
  const start: Stage['start'] = (part, failpoints = '') =>
    studio.start(part, { env: { STUDIO_FAILPOINTS: failpoints, STUDIO_TEST_RELEASE: String(release) } })
  return {
    studio,
    database,
    start,
    release: async () => {
      await studio.terminate(releasedWorker)
      release += 1
      await start(releasedWorker)
    },
    close: async () => {
      await database.end()
      await studio.stop()
    },
  }
}

/** Whether a part is there and answers. */
export async function answers({ studio }: Stage, part: PartName): Promise<boolean> {
  const engines: Record<string, string> = {
    postgres: studio.databaseUrl,
    nats: studio.natsUrl,
    temporal: `tcp://${studio.temporalAddress}`,
  }
  const engine = engines[part]
  if (engine !== undefined) return await accepts(new URL(engine))
  try {
    return (await fetch(new URL('/healthz', studio.serviceUrl(part)), { signal: AbortSignal.timeout(5000) })).ok
  } catch {
    return false
  }
}

function accepts({ hostname, port }: URL): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host: hostname, port: Number(port), timeout: 5000 })
  socket.once('connect', () => resolve(true))
  socket.once('error', () => resolve(false)).once('timeout', () => resolve(false))
  return promise.finally(() => socket.destroy())
}
