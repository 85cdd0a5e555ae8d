import type { AtomicOutcome, Commit, CommitOutcome, StudioEvent } from '@studio/contracts'
import { createDatabase, type Database } from '@studio/database'
import { newId, sha256 } from '@studio/kernel'
import { createLogger } from '@studio/telemetry'
import { migratedDatabase, waitFor } from '@studio/testing'
import { commitAtomically } from '../src/domain/commit-atomically.ts'
import { commitDeltas } from '../src/domain/commit-deltas.ts'
import { createStore, type Store } from '../src/store/blob-store.ts'

/** A store on a database of its own. */
export interface Fixture {
  readonly url: string
  readonly database: Database
  readonly store: Store
  /** Commits in one batch. */
  commit(...commits: Commit[]): Promise<CommitOutcome[]>
  /** Commits all or none. */
  commitAll(...commits: Commit[]): Promise<AtomicOutcome>
  /** Commits one and expects it to go in. */
  commitOne(commit: Commit): Promise<CommitOutcome & { status: 'committed' }>
  /** All events of the outbox, oldest first. */
  events(): Promise<StudioEvent[]>
  /** Resolves when so many statements of this database wait for a lock. */
  blocked(statements: number): Promise<void>
  close(): Promise<void>
}

export const silent = createLogger({ service: 'blob', level: 'silent' })

export async function openFixture(): Promise<Fixture> {
  const migrated = await migratedDatabase('blob')
  const { url } = migrated
  const database = createDatabase({ url, schema: 'blob', log: silent, max: 20 })
  const store = createStore(database)
  const commit = (...commits: Commit[]): Promise<CommitOutcome[]> => commitDeltas(store, commits, () => undefined)
  return {
    url,
    database,
    store,
    commit,
    commitAll: (...commits) => commitAtomically(store, commits, () => undefined),
    commitOne: async (one) => {
      const [outcome] = await commit(one)
      if (outcome?.status !== 'committed') throw new Error(`expected a commit, got ${JSON.stringify(outcome)}`)
      return outcome
    },
    events: async () => {
      const rows = await database.query<{ event: StudioEvent }>(
        'test-events',
        'select event from outbox order by sequence',
      )
      return rows.map(({ event }) => event)
    },
    blocked: async (statements) => {
      await waitFor(`${statements} statements that wait for a lock`, async () => {
        const [row] = await database.query<{ waiting: number }>(
          'test-blocked',
          `select count(*) as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        )
        return row?.waiting === statements
      })
    },
    close: async () => {
      await store.close()
      await database.close()
      await migrated.drop()
    },
  }
}

const tenant = newId()

/** A user's create of a text; anything may be told otherwise. */
export function aCommit(given: Partial<Commit> & { text?: string } = {}): Commit {
  const { text = newId(), ...rest } = given
  const blob_id = given.blob_id ?? newId()
  return {
    delta_id: newId(),
    tenant_id: tenant,
    user_id: tenant,
    blob_id,
    operation: (given.from_version ?? 0) === 0 ? 'create' : 'update',
    from_version: 0,
    from_hash: null,
    rests_on: [],
    content: bytesOf(text),
    content_type: 'text/plain',
    metadata: null,
    created_by: 'user',
    caused_by: null,
    parent_id: null,
    root_id: blob_id,
    depth: 0,
    providers: null,
    conflict_policy: null,
    publication: null,
    gated_since: null,
    fence: 0,
    traceparent: null,
    ...rest,
  }
}

export const bytesOf = (text: string): { base64: string } => ({ base64: Buffer.from(text).toString('base64') })
export const hashOf = (text: string): { hash: string } => ({ hash: sha256(text) })
