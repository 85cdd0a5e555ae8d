import { subjectOf, type Budget, type EventType } from '@studio/contracts'
import type { Transaction } from '@studio/database'
import { newId } from '@studio/kernel'
import type { Cause, NewEvent } from '../domain/ports.ts'
import { budgetColumn, isDone } from './cascades.ts'
import { moment } from './moment.ts'

/** NATS takes at most 1 MiB a message; a fact has at most about 1 KiB. */
const factsPerEvent = 500

export async function addEvents(tx: Transaction, tenantId: string, events: readonly NewEvent[]): Promise<void> {
  const rows = events.flatMap(({ type, facts }) =>
    Array.from({ length: Math.ceil(facts.length / factsPerEvent) }, (_, part) =>
      rowOf(tenantId, type, facts.slice(part * factsPerEvent, (part + 1) * factsPerEvent)),
    ),
  )
  if (rows.length === 0) return
  await tx.send(
    'add-events',
    `insert into outbox (id, subject, event) select id, subject, event from json_to_recordset($1::json) as new(id uuid, subject text, event json)`,
    [JSON.stringify(rows)],
  )
}

function rowOf(tenantId: string, type: EventType, facts: unknown[]) {
  const id = newId()
  return {
    id,
    subject: subjectOf(type, tenantId),
    event: {
      specversion: '1.0', id, source: 'dag', type, subject: tenantId, time: new Date().toISOString(), datacontenttype: 'application/json', data: { facts },
    }, // prettier-ignore
  }
}

/** Opens cascades, each with this budget; one that is there already grows, and is open again. */
export async function addCascades(
  tx: Transaction,
  tenantId: string,
  cascades: readonly (Cause & { nodes: number })[],
  budget: Budget,
): Promise<void> {
  if (cascades.length === 0) return
  const opened = await tx.query<{ id: string; is_new: boolean }>(
    'add-cascades',
    `insert into cascade (id, tenant_id, root_id, caused_by, nodes, budget)
     select cascade_id, $1, root_id, caused_by, nodes, $3::json
     from json_to_recordset($2::json) as new(cascade_id uuid, root_id uuid, caused_by uuid, nodes int)
     on conflict (id) do update set nodes = cascade.nodes + excluded.nodes, settled_at = null
     returning id, xmax = 0 as is_new`,
    [tenantId, JSON.stringify(cascades), budgetColumn(budget)],
  )
  const fresh = new Set(opened.filter((row) => row.is_new).map((row) => row.id))
  const facts = cascades
    .filter((cascade) => fresh.has(cascade.cascade_id))
    .map(({ cascade_id, root_id, caused_by, nodes }) => ({ cascade_id, root_id, caused_by, nodes }))
  await addEvents(tx, tenantId, [{ type: 'studio.cascade.started', facts }])
}

/** A cascade is settled when no node waits or runs in it, its own or one that it shares; what newer edits of its root took over counts for their cascades. */
export async function closeCascades(
  tx: Transaction,
  tenantId: string,
  cascadeIds: readonly string[] | 'all',
): Promise<void> {
  if (cascadeIds.length === 0) return
  const facts = await tx.query<{ cascade_id: string; root_id: string; caused_by: string | null; nodes: number }>(
    'close-cascades',
    `update cascade set settled_at = ${moment}, paused_by = null, paused_at = null
     from (
       select done.id from unnest($2::uuid[]) as wanted(id)
         cross join lateral (select id from cascade where cascade.id = wanted.id and settled_at is null and ${isDone} limit 1) as done
       union all
       select id from cascade where $2::uuid[] is null and tenant_id = $1 and settled_at is null and ${isDone}) as done
     where cascade.id = done.id and tenant_id = $1
     returning cascade.id as cascade_id, root_id, caused_by, nodes`,
    [tenantId, cascadeIds === 'all' ? null : cascadeIds],
  )
  await addEvents(tx, tenantId, [{ type: 'studio.cascade.settled', facts }])
}
