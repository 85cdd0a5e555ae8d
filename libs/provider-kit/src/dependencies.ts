import type { Client } from '@studio/clients'
import type { dagApi, deltaApi } from '@studio/contracts'
import type { Logger } from '@studio/telemetry'
import type { ContentReader } from './content-reader.ts'

/** What the activities of a worker work with. */
export interface ProviderDependencies {
  dag: Client<typeof dagApi>
  delta: Client<typeof deltaApi>
  contents: ContentReader
  log: Logger
  /** Milliseconds that dag leases a claim for; it is renewed three times in that time. */
  leaseMs: number
  /** Largest output that a provider may make, in bytes. */
  maxOutputBytes: number
}
