import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { waitFor } from '@studio/testing'
import { ask, type Person } from './person.ts'
import type { Stage } from './stage.ts'

/** A studio in which nothing has moved for so long will not move any more; one that moves is given longer, since the machine may be slow. */
const stillMs = 90_000
const longestMs = 600_000

/** Cascades that people have paused, or that have come to their caps, go on: nothing but the studio itself keeps work from being done. */
async function resumeAll({ database }: Stage, people: readonly Person[]): Promise<void> {
  const { rows } = await database.query<{ id: string; tenant_id: string }>(
    'select id, tenant_id from dag.cascade where tenant_id = any($1) and paused_by is not null and settled_at is null',
    [people.map(({ tenantId }) => tenantId)],
  )
  for (const { id, tenant_id } of rows) {
    const person = people.find(({ tenantId }) => tenantId === tenant_id)
    if (person) await ask(person, 'POST', `/cascades/${id}/resume`, { budget: {} })
  }
}

const underWay = `select
  (select count(*) from delta.delta where status = 'pending')::int as pending_deltas,
  (select count(*) from dag.node where state in ('dirty', 'running'))::int as unsettled_nodes,
  (select count(*) from dag.cascade where settled_at is null)::int as open_cascades,
  (select count(*) from (${['blob', 'delta', 'dag', 'registry']
    .map((schema) => `select from ${schema}.outbox where sent_at is null`)
    .join(' union all ')}) as waiting)::int as unsent_events`

/**
 * Waits until nothing is under way any more: no delta pending, no node dirty, no cascade open, every event sent and taken. Answers whether
 * it came to that; where nothing has moved for 90 s it did not, and what is left is for `verify` to name.
 */
export async function becomesQuiet(stage: Stage, people: readonly Person[]): Promise<boolean> {
  const { studio, database } = stage
  const nats = await connect({ servers: studio.natsUrl })
  let last = { counts: '', at: performance.now() }
  const isOver = async (): Promise<'quiet' | 'stuck' | null> => {
    await resumeAll(stage, people)
    const { rows } = await database.query<Record<string, number>>(underWay)
    const manager = await jetstreamManager(nats)
    let untaken_events = 0
    for await (const stream of manager.streams.list())
      for await (const consumer of manager.consumers.list(stream.config.name))
        untaken_events += consumer.num_pending + consumer.num_ack_pending
    const left = { ...rows[0], untaken_events }
    if (Object.values(left).every((count) => count === 0)) return 'quiet'
    const counts = JSON.stringify(left)
    if (counts !== last.counts) last = { counts, at: performance.now() }
    return performance.now() - last.at > stillMs ? 'stuck' : null
  }
  try {
    return (await waitFor('a quiet studio', isOver, { timeoutMs: longestMs, intervalMs: 200 })) === 'quiet'
  } finally {
    await nats.close()
  }
}
