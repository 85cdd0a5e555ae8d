import type { DeltaOutcome } from '@studio/contracts'
import type { Database } from '@studio/database'
import type { z } from 'zod'

// Waits for a commit of the same delta that is in flight: the primary key lets only one of the two in.
const refuseText = `insert into delta_fate (delta_id) select distinct id from unnest($1::uuid[]) as id order by id on conflict do nothing`

const readText = `
select delta_fate.delta_id, version.version
from delta_fate left join version on version.version_id = delta_fate.version_id
where delta_fate.delta_id = any($1::uuid[])
`

/** What became of deltas, in the order asked; with `refuse`, those of which nothing is known can never be committed from here on. */
export async function settleDeltas(
  database: Database,
  deltaIds: readonly string[],
  refuse: boolean,
): Promise<z.infer<typeof DeltaOutcome>[]> {
  // An atomic list takes its deltas in its own order, so this may meet it in a deadlock; a transaction is tried again.
  if (refuse) await database.transaction((transaction) => transaction.execute('refuse-deltas', refuseText, [deltaIds]))
  // A statement of its own, since it must see what the insert waited for.
  const rows = await database.query<{ delta_id: string; version: number | null }>('read-fates', readText, [deltaIds])
  const versions = new Map(rows.map(({ delta_id, version }) => [delta_id, version]))
  return deltaIds.map((delta_id) => {
    const version = versions.get(delta_id.toLowerCase())
    if (version === undefined) return { delta_id, status: 'unknown', version: null }
    return { delta_id, status: version === null ? 'refused' : 'committed', version }
  })
}
