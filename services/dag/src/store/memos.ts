import type { Database, Transaction } from '@studio/database'
import type { NewMemo } from '../domain/ports.ts'
import type { MemoBacklog } from '../domain/sweep-memos.ts'

/** One recorded result a key: the first stays. */
export async function addMemos(tx: Transaction, tenantId: string, memos: readonly NewMemo[]): Promise<void> {
  if (memos.length === 0) return
  await tx.send(
    'add-memos',
    `insert into memo (tenant_id, key, content_hash, content_type, size, run_id)
     select $1, key, content_hash, content_type, size, run_id
     from json_to_recordset($2::json) as new(key text, content_hash text, content_type text, size bigint, run_id uuid)
     on conflict do nothing`,
    [tenantId, JSON.stringify(memos)],
  )
}

export async function forgetMemos(tx: Transaction, tenantId: string, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  await tx.send('forget-memos', 'delete from memo where tenant_id = $1 and key = any($2::text[])', [tenantId, keys])
}

// A claim takes the key of what a node has; until the node has settled again that is known by its content. A run that is under way may have been answered with it already.
const isSpare = `
  not exists (select from node where node.last_key = memo.key and node.tenant_id = memo.tenant_id)
  and not exists (select from node where node.tenant_id = memo.tenant_id and coalesce(node.output_hash, node.content_hash) = memo.content_hash
    and node.last_key is null and node.version > 0 and node.provider_id is not null)
  and not exists (select from node where node.tenant_id = memo.tenant_id and node.state = 'running' and node.key = memo.key)`

export async function dropSpareMemos(tx: Transaction, tenantId: string, keys: readonly string[]): Promise<number> {
  return await tx.execute(
    'drop-spare-memos',
    `delete from memo where tenant_id = $1 and key = any($2::text[]) and ${isSpare}`,
    [tenantId, keys],
  )
}

export function createMemoBacklog(database: Database): MemoBacklog {
  return {
    // What was used at one moment is on one side of the bound.
    listSpare: ({ days, bytes }, limit) =>
      database.query<{ tenant_id: string; key: string }>(
        'list-spare-memos',
        `with bound as (
           select tenant_id, max(used_at) as used_until
           from (select tenant_id, used_at, sum(size) over (partition by tenant_id order by used_at desc) as kept_bytes from memo) as ranked
           where kept_bytes > $2 or used_at < now() - $1 * interval '1 day'
           group by tenant_id)
         select memo.tenant_id, memo.key from bound join memo on memo.tenant_id = bound.tenant_id and memo.used_at <= bound.used_until
         where ${isSpare}
         limit $3`,
        [days, bytes, limit],
      ),
  }
}
