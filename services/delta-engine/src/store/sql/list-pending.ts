import type { Database } from '@studio/database'

const text = `
select id, created_at from delta
where status = 'pending' and created_at < now() - $1::int * interval '1 millisecond'
order by created_at limit $2`

/** Pending deltas older than `ageMs`, oldest first. */
export function listPending(
  database: Database,
  ageMs: number,
  limit: number,
): Promise<{ id: string; created_at: Date }[]> {
  return database.query('list-pending', text, [ageMs, limit])
}
