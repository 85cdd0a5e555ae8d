import type { Cascade } from '@studio/contracts'
import type { Database } from '@studio/database'

type Row = Omit<Cascade, 'started_at' | 'settled_at'> & { started_at: Date; settled_at: Date | null }

/** A cascade with what its runs came to; null for what the tenant does not have. */
export async function readCascade(database: Database, tenantId: string, cascadeId: string): Promise<Cascade | null> {
  const [row] = await database.query<Row>(
    'read-cascade',
    `with counted as (
       select outcome, count(*) as runs, sum(duration_ms) as duration_ms, sum(tokens)::bigint as tokens, sum(cost_microdollars)::bigint as cost_microdollars
       from run where cascade_id = $2 and tenant_id = $1 group by outcome)
     select id, tenant_id, root_id, caused_by as delta_id, started_at, settled_at, nodes as planned,
       coalesce((select json_object_agg(outcome, runs) from counted), '{}') as runs,
       (select json_build_object('duration_ms', coalesce(sum(duration_ms), 0), 'tokens', sum(tokens), 'cost_microdollars', sum(cost_microdollars))
        from counted) as usage
     from cascade where id = $2 and tenant_id = $1`,
    [tenantId, cascadeId],
  )
  if (!row) return null
  return { ...row, started_at: row.started_at.toISOString(), settled_at: row.settled_at?.toISOString() ?? null }
}
