import type { Provider } from '@studio/contracts'
import { createDatabase, type Database } from '@studio/database'
import { createLogger } from '@studio/telemetry'
import { migratedDatabase } from '@studio/testing'
import { createArrivals } from '../src/arrivals.ts'
import type { Arrivals, GraphStore } from '../src/domain/ports.ts'
import { createGraphStore } from '../src/store/graph-store.ts'

export const bell = { ring: () => undefined }
/** Of no worker: all that becomes ready is rung for. */
export const nobodyWaits: Arrivals = createArrivals()

/** dag's store on a database of its own; who waits for arrivals hears of each of its changes, as in the service. */
export async function openDag({ patienceMs = 5_000 } = {}): Promise<{
  database: Database
  store: GraphStore
  arrivals: Arrivals
  close(): Promise<void>
}> {
  const { url, drop } = await migratedDatabase('dag')
  const database = createDatabase({ url, schema: 'dag', log: createLogger({ service: 'test', level: 'error' }) })
  const arrivals = createArrivals()
  return {
    database,
    store: createGraphStore(database, { leaseMs: 30_000, patienceMs }, (tenantId) => arrivals.tell(tenantId)),
    arrivals,
    close: async () => {
      await database.close()
      await drop()
    },
  }
}

/** A provider of texts that nothing triggers; anything may be told otherwise. */
export const aProvider = (id: string, more: Partial<Provider>): Provider => ({
  id, version: '1.0.0', name: id, description: '', type: 'text', workflow_type: id, task_queue: 'q', inputs: { input: { types: ['text/*'], list: false } },
  output_type: 'text/plain', config_schema: {}, default_config: {}, input_schema: null, output_schema: null, max_input_bytes: 1e6, timeout_ms: 1000, batch_size: 1,
  trigger_events: [], trigger_created_by: [], trigger_patterns: [], tenant_id: null, status: 'active', digest: '0'.repeat(64), created_at: '', updated_at: '',
  ...more,
}) // prettier-ignore
