import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import pg from 'pg'
import type { TestStudio } from './studio.ts'
import { waitForValue } from './wait-for.ts'

/** What a studio has still to do, by kind: all are 0 in one that is at rest. */
export type UnderWay = Readonly<Record<(typeof kinds)[number] | 'untaken_events', number>>

export type WorkWatch = {
  look(): Promise<UnderWay>
  close(): Promise<void>
}

const kinds = [
  'pending_deltas',
  // A provider's delta is written after its version, and where a crash left it out the sweeper does so a minute later.
  'unrecorded_versions',
  'unsettled_nodes',
  'open_cascades',
  'awake_cascades',
  'open_purges',
  'untold_publications',
  'unsent_events',
] as const

const outboxes = ['blob', 'delta', 'dag', 'registry'].map(
  (schema) => `select from ${schema}.outbox where sent_at is null`,
)
const counted: Record<(typeof kinds)[number], string> = {
  pending_deltas: `select from delta.delta where status = 'pending'`,
  unrecorded_versions: 'select from blob.version where not exists (select from delta.delta where id = delta_id)',
  unsettled_nodes: `select from dag.node where state in ('dirty', 'running')`,
  open_cascades: 'select from dag.cascade where settled_at is null',
  awake_cascades: 'select from dag.tenant, json_array_elements(cascades)',
  open_purges: 'select from dag.purge where done_at is null',
  untold_publications: 'select from dag.published where not told',
  unsent_events: outboxes.join(' union all '),
}
const underWay = `select ${kinds.map((kind) => `(select count(*)::int from (${counted[kind]}) as one) as ${kind}`).join(', ')}`

/** Looks into a studio's rows and consumers, for as long as it is open. */
export async function watchWork({
  databaseUrl,
  natsUrl,
}: Pick<TestStudio, 'databaseUrl' | 'natsUrl'>): Promise<WorkWatch> {
  const database = new pg.Client({ connectionString: databaseUrl })
  // Engines may end before the watch does.
  database.on('error', () => undefined)
  await database.connect()
  const nats = await connect({ servers: natsUrl })
  return {
    async look() {
      const { rows } = await database.query<Omit<UnderWay, 'untaken_events'>>(underWay)
      const manager = await jetstreamManager(nats)
      let untaken_events = 0
      for await (const stream of manager.streams.list())
        for await (const consumer of manager.consumers.list(stream.config.name))
          untaken_events += consumer.num_pending + consumer.num_ack_pending
      const [row] = rows
      if (!row) throw new Error('a count without a row')
      return { ...row, untaken_events }
    },
    async close() {
      await nats.close()
      await database.end()
    },
  }
}

/**
 * Waits until nothing is on its way any more: whoever looks then sees what will stay, and a part that is armed then dies of what comes next
 * and of nothing that was left over. Two minutes at most, since what a crash left of the deltas is found after one.
 */
export async function untilQuiet(studio: Pick<TestStudio, 'databaseUrl' | 'natsUrl'>): Promise<void> {
  const watch = await watchWork(studio)
  try {
    await waitForValue(
      'a quiet studio',
      () => watch.look(),
      (left) => Object.values(left).every((count) => count === 0),
      { timeoutMs: 120_000 },
    )
  } finally {
    await watch.close()
  }
}
