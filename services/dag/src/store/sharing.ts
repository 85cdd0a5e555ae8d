import type { Transaction } from '@studio/database'

/**
 * Which of these derivation keys have a recorded output, and which are being computed. Looked up one by one, as in `recall`: as `exists` the plan that is kept reads
 * all that the tenant has recorded (15,000 records: 2 ms instead of 0.03).
 */
export async function listKnown(
  tx: Transaction,
  tenantId: string,
  keys: readonly string[],
): Promise<{ key: string; is_recorded: boolean; is_running: boolean }[]> {
  if (keys.length === 0) return []
  return await tx.query(
    'list-known',
    `select wanted.key, recorded.key is not null as is_recorded, running.key is not null as is_running
     from unnest($2::text[]) as wanted(key)
     left join lateral (select memo.key from memo where memo.tenant_id = $1 and memo.key = wanted.key limit 1) as recorded on true
     left join lateral (select node.key from node where node.tenant_id = $1 and node.state = 'running' and node.key = wanted.key limit 1) as running on true`,
    [tenantId, keys],
  )
}

/** From here on these nodes wait until no run computes their key. */
export async function awaitRuns(
  tx: Transaction,
  tenantId: string,
  waiting: readonly { blob_id: string; key: string }[],
): Promise<void> {
  if (waiting.length === 0) return
  await tx.send(
    'await-runs',
    `update node set awaits = waiting.key, changed_at = now() from json_to_recordset($2::json) as waiting(blob_id uuid, key text)
     where node.blob_id = waiting.blob_id and node.tenant_id = $1`,
    [tenantId, JSON.stringify(waiting)],
  )
}

/** Nodes that wait for a run that has ended, however it did, are ready again. */
export async function wakeSharers(tx: Transaction, tenantId: string): Promise<void> {
  await tx.send(
    'wake-sharers',
    `update node set awaits = null, changed_at = now()
     where tenant_id = $1 and awaits is not null
       and not exists (select from node other where other.tenant_id = $1 and other.state = 'running' and other.key = node.awaits)`,
    [tenantId],
  )
}
