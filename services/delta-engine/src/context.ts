import { createClient, type Client } from '@studio/clients'
import {
  blobApi,
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
import { defaultPatchLimits } from './domain/limits.ts'
import { createSubmit } from './domain/submit-deltas.ts'
import { submitTransforms } from './domain/submit-transforms.ts'
import { createRecorder } from './recorder.ts'
import type { DeltaReader } from './store/delta-reader.ts'
import { createStore } from './store/delta-store.ts'
import { startSweeper } from './sweeper.ts'
import { createEvents } from './telemetry.ts'

/** What the routes work with. */
export interface Context {
  readonly config: Config
  readonly log: Logger
  readonly database: Database
  readonly bus: Bus
  readonly reader: DeltaReader
  submit(items: readonly SubmitDelta[]): Promise<SubmitOutcome[]>
  submitTransforms(items: readonly SubmitTransform[]): Promise<TransformOutcome[]>
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

  const submit = createSubmit({
    blobs,
    store,
    recorder,
    events,
    limits: { ...defaultPatchLimits, bytes: config.STUDIO_MAX_BLOB_BYTES },
    inTrace: ([parent, ...links], run) => span('apply deltas', { parent, links }, run),
  })
  return {
    config,
    log,
    database,
    bus,
    reader: store.reader,
    submit,
    submitTransforms: (items) => submitTransforms({ blobs, recorder, events }, items),
    recorded: () => recorder.settled(),
    close: async () => {
      await sweeper.close()
      await recorder.settled()
      await relay.close()
      await bus.close()
      await client.close()
      await store.close()
      await database.close()
    },
  }
}
