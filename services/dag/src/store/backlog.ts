import type { Database } from '@studio/database'
import type { Backlog, ExpiredClaim } from '../domain/reconcile.ts'
import { isDone } from './cascades.ts'
import { isReady, unsettledStates } from './states.ts'

export function createBacklog(database: Database, leaseMs: number): Backlog {
  return {
    listExpiredClaims: () =>
      database.query<ExpiredClaim>(
        'list-expired-claims',
        `select claim.id as claim_id, claim.tenant_id, claim.work->>'workflow_id' as workflow_id, claim.read_at is not null as begun
         from claim where id in (select claim_id from node where state = 'running' and lease_until < now() order by lease_until limit 1000)`,
      ),
    async extendClaims(claimIds) {
      await database.execute(
        'extend-claims',
        `update node set lease_until = now() + $2 * interval '1 millisecond' where claim_id = any($1::uuid[]) and state = 'running'`,
        [claimIds, leaseMs],
      )
    },
    repairDirtyCounts: (olderThanMs) =>
      database.execute(
        'repair-dirty-counts',
        `update node set dirty_inputs = 0, changed_at = now()
         where state = 'dirty' and dirty_inputs > 0 and changed_at < now() - $1 * interval '1 millisecond'
           and not exists (select 1 from edge join node source on source.blob_id = edge.source_id
             where edge.target_id = node.blob_id and edge.valid_to is null and source.state in ${unsettledStates} and not source.doomed)`,
        [olderThanMs],
      ),
    listWaiting: (olderThanMs) =>
      database.query<{ tenant_id: string; root_id: string; waited_ms: number }>(
        'list-waiting',
        `select * from (
           select distinct on (tenant_id) tenant_id, root_id, extract(epoch from now() - changed_at)::float8 * 1000 as waited_ms from node
           where ${isReady} and changed_at < now() - $1 * interval '1 millisecond'
           order by tenant_id, changed_at) as waiting
         order by waited_ms desc limit 100`,
        [olderThanMs],
      ),
    async listFinished(olderThanMs) {
      const rows = await database.query<{ tenant_id: string }>(
        'list-finished',
        `select distinct tenant_id from cascade
         where settled_at is null and started_at < now() - $1 * interval '1 millisecond'
           and ${isDone}
         limit 100`,
        [olderThanMs],
      )
      return rows.map((row) => row.tenant_id)
    },
    async listNewDays() {
      const rows = await database.query<{ tenant_id: string }>(
        'list-new-days',
        `select distinct tenant_id from cascade
         where settled_at is null and paused_by like 'daily%' and paused_at < date_trunc('day', now(), 'UTC')`,
        [],
      )
      return rows.map((row) => row.tenant_id)
    },
    dropOldClaims: () =>
      database.execute(
        'drop-old-claims',
        `delete from claim where id in (
           select id from claim where created_at < now() - interval '1 day' and not exists (select 1 from node where node.claim_id = claim.id) limit 1000)`,
        [],
      ),
  }
}
