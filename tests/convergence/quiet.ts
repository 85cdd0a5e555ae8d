import { waitFor, watchWork } from '@studio/testing'
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

/**
 * Waits until nothing is under way any more: no delta pending or unrecorded, no node dirty, no cascade open, every event sent and taken. Answers whether
 * it came to that; where nothing has moved for 90 s it did not, and what is left is for `verify` to name.
 */
export async function becomesQuiet(stage: Stage, people: readonly Person[]): Promise<boolean> {
  const watch = await watchWork(stage.studio)
  let last = { counts: '', at: performance.now() }
  const isOver = async (): Promise<'quiet' | 'stuck' | null> => {
    await resumeAll(stage, people)
    // What an emptied Temporal has forgotten stays awake in the rows until there is work for it.
    const { awake_cascades: _, ...left } = await watch.look()
    if (Object.values(left).every((count) => count === 0)) return 'quiet'
    const counts = JSON.stringify(left)
    if (counts !== last.counts) last = { counts, at: performance.now() }
    return performance.now() - last.at > stillMs ? 'stuck' : null
  }
  try {
    return (await waitFor('a quiet studio', isOver, { timeoutMs: longestMs, intervalMs: 200 })) === 'quiet'
  } finally {
    await watch.close()
  }
}
