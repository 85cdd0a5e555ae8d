import { noBudget, type Spent, type SpentToday, type TenantBudget } from '@studio/contracts'
import type { Queryable, Transaction } from '@studio/database'
import type { CascadeSlot } from '../domain/cascade-slots.ts'

/** What a tenant's row has beside its lock. `spent`: what its providers took on the day of this change. */
export interface Tenant {
  readonly slots: readonly CascadeSlot[]
  readonly budget: TenantBudget
  readonly spent: Spent
  readonly day: string
  /** Of its graph, with the change that has the lock. */
  readonly revision: number
  /** The revision of the last change of its edges. */
  readonly edgesRevision: number
  /** Whether it has blobs that are published together. */
  readonly publishes: boolean
}

interface Row {
  cascades: CascadeSlot[]
  budget: TenantBudget | null
  spent: (Spent & { day: string }) | null
  day: string
  revision: number
  edges_revision: number
  publishes: boolean
}

const noBudgets: TenantBudget = { per_day: noBudget, per_cascade: noBudget }
const nothing: Spent = { runs: 0, tokens: 0, cost_microdollars: 0 }

const dayOf = (time: string) => `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD')`

/**
 * Updating this row is the tenant's lock: every change of a graph begins with it, so claims, settlements and edits of one tenant follow
 * one another and each sees all of the ones before (each statement of READ COMMITTED has its own snapshot). Without it an edit
 * that counts dirty inputs while one of them settles would count wrong and leave a node waiting for ever.
 */
export async function lockTenant(tx: Transaction, tenantId: string): Promise<Tenant> {
  const [row] = await tx.query<Row>(
    'lock-tenant',
    `insert into tenant (tenant_id, revision, changed_at) values ($1, 1, clock_timestamp())
     on conflict (tenant_id) do update set revision = tenant.revision + 1,
       changed_at = greatest(clock_timestamp(), tenant.changed_at + interval '1 microsecond')
     returning cascades, budget, spent, revision, edges_revision, publishes, ${dayOf('changed_at')} as day`,
    [tenantId],
  )
  return tenantOf(row)
}

export async function saveTenant(tx: Transaction, tenantId: string, tenant: Tenant): Promise<void> {
  const { slots, budget, spent, day, edgesRevision, publishes } = tenant
  await tx.send(
    'save-tenant',
    'update tenant set cascades = $2::json, budget = $3::json, spent = $4::json, edges_revision = $5, publishes = $6 where tenant_id = $1',
    [
      tenantId,
      JSON.stringify(slots),
      JSON.stringify(budget),
      JSON.stringify({ day, ...spent }),
      edgesRevision,
      publishes,
    ],
  )
}

/** A tenant's budgets and what its providers took today, without the lock. */
export async function readBudget(
  database: Queryable,
  tenantId: string,
): Promise<{ budget: TenantBudget; spent_today: SpentToday }> {
  const [row] = await database.query<Row>(
    'read-budget',
    `select cascades, budget, spent, revision, edges_revision, publishes, ${dayOf('now()')} as day from (select) as one left join tenant on tenant_id = $1`,
    [tenantId],
  )
  const { budget, spent, day } = tenantOf(row)
  return { budget, spent_today: { since: `${day}T00:00:00.000Z`, ...spent } }
}

function tenantOf(row: Row | undefined): Tenant {
  const { day, ...spent } = row?.spent ?? { day: '', ...nothing }
  return {
    slots: row?.cascades ?? [],
    budget: row?.budget ?? noBudgets,
    spent: row && day === row.day ? spent : nothing,
    day: row?.day ?? '',
    revision: row?.revision ?? 0,
    edgesRevision: row?.edges_revision ?? 0,
    publishes: row?.publishes ?? false,
  }
}
