import type { Database } from '@studio/database'
import type { Backlog } from '../domain/reconcile.ts'

export function createBacklog(database: Database): Backlog {
  return {
    releaseExpiredLeases: () =>
      database.execute(
        'release-expired-leases',
        `update node set state = 'dirty', claim_id = null, lease_until = null, changed_at = now() where state = 'running' and lease_until < now()`,
        [],
      ),
    repairDirtyCounts: (olderThanMs) =>
      database.execute(
        'repair-dirty-counts',
        `update node set dirty_inputs = 0, changed_at = now()
         where state = 'dirty' and dirty_inputs > 0 and changed_at < now() - $1 * interval '1 millisecond'
           and not exists (select 1 from edge join node source on source.blob_id = edge.source_id
             where edge.target_id = node.blob_id and edge.valid_to is null and source.state in ('dirty', 'running', 'failed', 'blocked'))`,
        [olderThanMs],
      ),
    listWaiting: (olderThanMs) =>
      database.query<{ tenant_id: string; root_id: string; waited_ms: number }>(
        'list-waiting',
        `select distinct on (tenant_id) tenant_id, root_id, extract(epoch from now() - changed_at)::float8 * 1000 as waited_ms from node
         where state = 'dirty' and dirty_inputs = 0 and changed_at < now() - $1 * interval '1 millisecond'
         order by tenant_id, changed_at limit 100`,
        [olderThanMs],
      ),
    dropOldClaims: () =>
      database.execute(
        'drop-old-claims',
        `delete from claim where id in (
           select id from claim where created_at < now() - interval '1 day' and not exists (select 1 from node where node.claim_id = claim.id) limit 1000)`,
        [],
      ),
  }
}
