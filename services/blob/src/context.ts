import { createDatabase, type Database } from '@studio/database'
import { openBus, startRelay, type Bus, type Relay } from '@studio/events'
import type { Logger } from '@studio/telemetry'
import { startCollector } from './collector.ts'
import type { Config } from './config.ts'
import { startPacker } from './packer.ts'
import { createStore, type Store } from './store/blob-store.ts'

/** What the routes work with. */
export interface Context {
  readonly config: Config
  readonly log: Logger
  readonly database: Database
  readonly bus: Bus
  readonly relay: Relay
  readonly store: Store
  close(): Promise<void>
}

/** Opens what the service depends on; nothing waits for it to answer, readiness tells. */
export function createContext(config: Config, log: Logger): Context {
  const database = createDatabase({ url: config.DATABASE_URL, schema: 'blob', log })
  const store = createStore(database)
  const bus = openBus({ url: config.NATS_URL, name: 'blob', log })
  const relay = startRelay({ database, bus, log })
  const collector = startCollector({ collect: store.collectContents, log })
  const packer = startPacker(store, { everyMs: config.STUDIO_PACK_MS, log })
  return {
    config,
    log,
    database,
    bus,
    relay,
    store,
    close: async () => {
      await collector.close()
      await packer.close()
      await relay.close()
      await bus.close()
      await store.close()
      await database.close()
    },
  }
}
