import { createClient, type Client } from '@studio/clients'
import { blobApi } from '@studio/contracts'
import { createDatabase, type Database } from '@studio/database'
import { openBus, startRelay, type Bus } from '@studio/events'
import type { Logger } from '@studio/telemetry'
import type { Config } from './config.ts'
import { openCatalogue, type Catalogue } from './store/catalogue.ts'

/** What the routes work with. */
export interface Context {
  config: Config
  log: Logger
  database: Database
  bus: Bus
  blob: Client<typeof blobApi>
  catalogue: Catalogue
  close(): Promise<void>
}

export function createContext(config: Config, log: Logger): Context {
  const database = createDatabase({ url: config.DATABASE_URL, schema: 'registry', log, max: 5 })
  const bus = openBus({ url: config.NATS_URL, name: 'provider-registry', log })
  const relay = startRelay({ database, bus, log })
  const blob = createClient(blobApi, { baseUrl: config.BLOB_URL, token: config.STUDIO_INTERNAL_TOKEN })
  const catalogue = openCatalogue(database, () => relay.poke())
  return {
    config,
    log,
    database,
    bus,
    blob,
    catalogue,
    close: async () => {
      await blob.close()
      await relay.close()
      await bus.close()
      await catalogue.close()
      await database.close()
    },
  }
}
