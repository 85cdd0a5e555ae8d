import type { ContentReader } from './content-reader.ts'
import type { Findings } from './findings.ts'
import type { Snapshot } from './snapshot.ts'

/** What a blob's head must be; `hash` is that of the last content where the head is a tombstone. */
export interface Head {
  readonly version: number
  readonly version_id: string
  readonly hash: string
  readonly content_type: string
  readonly deleted: boolean
}

/** All that is known while one tenant is looked at. Heads are kept in memory, contents and histories are not. */
export interface Tenant {
  readonly id: string
  readonly snapshot: Snapshot
  readonly contents: ContentReader
  readonly findings: Findings
  /** By blob id. The history fills it in; what derived blobs must be is put over that. */
  readonly heads: Map<string, Head>
}
