import { noBudget, type Budget, type Cascade } from '@studio/contracts'
import type { Database } from '@studio/database'
import { spentByCascade, stateOfCascade } from './cascades.ts'
import { readStandingBelow } from './publication-standing.ts'
import { unsettledStates } from './states.ts'

type Row = Omit<Cascade, 'started_at' | 'settled_at' | 'paused' | 'budget' | 'publication'> & {
  started_at: Date
  settled_at: Date | null
  paused_at: Date | null
  paused_by: NonNullable<Cascade['paused']>['by'] | null
  budget: Budget | null
}

/** A cascade with what its runs came to, those included that nodes had which it shares; null for what the tenant does not have. */
export async function readCascade(database: Database, tenantId: string, cascadeId: string): Promise<Cascade | null> {
  const [row] = await database.query<Row>(
    'read-cascade',
    `with counted as (
       select outcome, count(*) as runs, sum(duration_ms) as duration_ms, sum(tokens)::bigint as tokens, sum(cost_microdollars)::bigint as cost_microdollars
       from run where (cascade_id = $2 or also_in @> array[$2::uuid]) and tenant_id = $1 group by outcome)
     select id, tenant_id, root_id, caused_by as delta_id, started_at, settled_at, nodes as planned,
       ${stateOfCascade} as state, paused_by, paused_at, budget, ${spentByCascade} as spent,
       coalesce((select json_object_agg(state, nodes) from (
         select state, count(*) as nodes from node where (cascade_id = $2 or also_in @> array[$2::uuid]) and state in ${unsettledStates} group by state) as unsettled), '{}') as open,
       coalesce((select json_object_agg(outcome, runs) from counted), '{}') as runs,
       (select json_build_object('duration_ms', coalesce(sum(duration_ms), 0), 'tokens', sum(tokens), 'cost_microdollars', sum(cost_microdollars))
        from counted) as usage
     from cascade where id = $2 and tenant_id = $1`,
    [tenantId, cascadeId],
  )
  if (!row) return null
  const { paused_by, paused_at, started_at, settled_at, budget, ...cascade } = row
  return {
    ...cascade,
    started_at: started_at.toISOString(),
    settled_at: settled_at?.toISOString() ?? null,
    paused: paused_by && paused_at && { by: paused_by, at: paused_at.toISOString() },
    budget: budget ?? noBudget,
    publication: await readStandingBelow(database, tenantId, row.root_id),
  }
}
