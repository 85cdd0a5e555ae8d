import { createClient, type Client } from '@studio/clients'
import {
  blobApi,
  type BatchOutcome,
  type SubmitDelta,
  type SubmitOutcome,
  type SubmitTransform,
  type TransformOutcome,
} from '@studio/contracts'
import { createDatabase, type Database } from '@studio/database'
import { openBus, startRelay, type Bus } from '@studio/events'
import { span, type Logger } from '@studio/telemetry'
import { createBlobs } from './blobs.ts'
import type { Config } from './config.ts'
import { defaultPatchLimits } from '@studio/deltas'
import { readDiff, type DiffAnswer, type DiffRequest } from './domain/read-diff.ts'
import { submitAtomically, type AtomicRequest } from './domain/submit-atomically.ts'
import { createSubmit } from './domain/submit-deltas.ts'
import { submitTransforms } from './domain/submit-transforms.ts'
import { createPlanner } from './planner.ts'
import { createRecorder } from './recorder.ts'
import type { DeltaReader } from './store/delta-reader.ts'
import { createStore, type Store } from './store/delta-store.ts'
import { startSweeper } from './sweeper.ts'
import { createEvents } from './telemetry.ts'

/** What the routes work with. */
export interface Context {
  readonly config: Config
  readonly log: Logger
  readonly database: Database
  readonly bus: Bus
  readonly reader: DeltaReader
  readonly eraseDeltas: Store['eraseDeltas']
  submit(items: readonly SubmitDelta[]): Promise<SubmitOutcome[]>
  submitAtomically(request: AtomicRequest & { traceparent: string | null }): Promise<BatchOutcome>
  submitTransforms(items: readonly SubmitTransform[]): Promise<TransformOutcome[]>
  diff(request: DiffRequest): Promise<DiffAnswer>
  /** Waits until what was answered so far is recorded, so that a client reads its own writes. */
  recorded(): Promise<void>
  close(): Promise<void>
}

/** Opens what the service depends on; nothing waits for it to answer, readiness tells. */
export function createContext(config: Config, log: Logger): Context {
  const database = createDatabase({ url: config.DATABASE_URL, schema: 'delta', log })
  const bus = openBus({ url: config.NATS_URL, name: 'delta-engine', log })
  const relay = startRelay({ database, bus, log })
  const store = createStore(database, () => relay.poke())
  const client: Client<typeof blobApi> = createClient(blobApi, {
    baseUrl: config.BLOB_URL,
    token: config.STUDIO_INTERNAL_TOKEN,
  })
  const blobs = createBlobs(client)
  const events = createEvents(log)
  const recorder = createRecorder(store, log)
  const sweeper = startSweeper(
    { blobs, store, events, pendingMs: config.STUDIO_PENDING_MS },
    { everyMs: config.STUDIO_SWEEP_MS, log },
  )

  const planner = createPlanner({ ...defaultPatchLimits, bytes: config.STUDIO_MAX_BLOB_BYTES })
  const ports = { blobs, store, recorder, events, planner }
  const inTrace = <Value>([parent, ...links]: readonly (string | null)[], run: () => Promise<Value>): Promise<Value> =>
    span('apply deltas', { parent, links }, run)
  return {
    config,
    log,
    database,
    bus,
    reader: store.reader,
    eraseDeltas: store.eraseDeltas,
    submit: createSubmit({ ...ports, inTrace }),
    submitAtomically: ({ traceparent, ...request }) => inTrace([traceparent], () => submitAtomically(ports, request)),
    submitTransforms: (items) => submitTransforms(ports, items),
    diff: (request) => readDiff({ blobs, compare: planner.compare }, request),
    recorded: () => recorder.settled(),
    close: async () => {
      await sweeper.close()
      await recorder.settled()
      await planner.close()
      await relay.close()
      await bus.close()
      await client.close()
      await store.close()
      await database.close()
    },
  }
}
