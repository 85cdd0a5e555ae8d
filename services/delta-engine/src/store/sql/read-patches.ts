import type { Delta } from '@studio/contracts'
import type { Database } from '@studio/database'

export type Patches = Pick<Delta, 'patch' | 'original'>

const text = `
select patch, original from (
  select patch, original, place,
    sum(coalesce(octet_length(patch::text), 0) + coalesce(octet_length(original::text), 0)) over (order by place) as bytes
  from unnest($1::uuid[]) with ordinality as page (id, place) join delta using (id)
) as measured
where place = 1 or bytes <= $2 order by place`

/** The patches of deltas in the order of their ids: as many as fit into a number of bytes, but one at least. */
export function readPatches(database: Database, ids: readonly string[], bytes: number): Promise<Patches[]> {
  return database.query<Patches>('read-patches', text, [ids, bytes])
}
