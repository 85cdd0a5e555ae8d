import type { ClaimItem, RecordedOutput } from '@studio/contracts'
import type { Database, Transaction } from '@studio/database'

/**
 * What a worker is to do under a claim, with the lease made longer. One statement, so that heads of the inputs and the right to the node
 * are of one moment: an edit that comes later takes the node away, one that came before is not seen half. (One that left the run alone is not for who
 * reads now: the key is that of older inputs; nor is one that was claimed with what has failed since, and so waits for what the claim has no more.)
 */
export async function readClaim(database: Database, claimId: string, leaseMs: number): Promise<ClaimItem[]> {
  const text = readOf(`
    update node set lease_until = now() + $2 * interval '1 millisecond' where claim_id = $1 and state = 'running' and again_cascade_id is null returning *`)
  return await database.query<ClaimItem>('read-claim', text, [claimId, leaseMs])
}

/** The same of a claim that this transaction has made. */
export async function readNewClaim(tx: Transaction, claimId: string): Promise<ClaimItem[]> {
  const text = readOf(`select * from node where claim_id = $1 and state = 'running'`)
  return await tx.query<ClaimItem>('read-new-claim', text, [claimId])
}

/** SQL: the items of the claim $1, of which `held` gives the nodes. */
const readOf = (held: string): string =>
  `with seen as (update claim set read_at = now() where id = $1 and read_at is null),
     held as (${held})
     select held.tenant_id, held.user_id, held.blob_id as node_id, held.epoch, held.version as head_version, case when held.leases = 1 then coalesce(held.output_hash, held.content_hash) end as head_hash,
       coalesce(held.output_type, held.content_type) as head_content_type,
       coalesce(held.provider_id, '') as provider_id, coalesce(held.provider_version, '') as provider_version, coalesce(held.config, '{}') as config,
       held.key,
       case when (held.key is null or held.readings is not null) and held.leases = 1 then (select run.key from run where run.id = held.last_run_id) end as last_key, held.parent_id, held.root_id, held.depth, held.caused_by, held.traceparent,
       (select published.gated_since from published where published.blob_id = held.blob_id and not published.released) as gated_since,
       (select json_build_object('content_hash', memo.content_hash, 'content_type', memo.content_type)
        from memo where memo.tenant_id = held.tenant_id and memo.key = held.key) as memo,
       coalesce((
         select json_agg(
           case when source.state = 'running' and source.claim_id = $1 then json_build_object('name', edge.input, 'blob_id', source.blob_id)
           else json_build_object('name', edge.input, 'blob_id', source.blob_id, 'version', source.version,
             'content_hash', source.content_hash, 'content_type', source.content_type) end order by edge.input, edge.ordinal)
         from edge join node source on source.blob_id = edge.source_id
         where edge.target_id = held.blob_id and edge.valid_to is null and source.state <> 'deleted' and not source.doomed
           and (source.content_hash is not null or source.state = 'running' and source.claim_id = $1)), '[]') as inputs
     from held
     where held.dirty_inputs = 0 or held.dirty_inputs <= (
       select count(*) from edge cross join lateral (select state, claim_id from node where node.blob_id = edge.source_id limit 1) as source
       where edge.target_id = held.blob_id and edge.valid_to is null and source.state = 'running' and source.claim_id = $1)`

export async function renewClaim(database: Database, claimId: string, leaseMs: number): Promise<string[]> {
  const rows = await database.query<{ blob_id: string }>(
    'renew-claim',
    `update node set lease_until = now() + $2 * interval '1 millisecond' where claim_id = $1 and state = 'running' returning blob_id`,
    [claimId, leaseMs],
  )
  return rows.map((row) => row.blob_id)
}

/**
 * What is recorded of these keys, in their order. Looked up one by one: with a list of keys a plan that was made while there were few records reads all of
 * the tenant's for as long as it is kept (10,000 records: 5 ms instead of 0.1).
 */
export async function recall(
  database: Database,
  tenantId: string,
  keys: readonly string[],
): Promise<(RecordedOutput | null)[]> {
  const rows = await database.query<RecordedOutput & { key: string }>(
    'recall',
    `select wanted.key, recorded.content_hash, recorded.content_type
     from unnest($2::text[]) as wanted(key)
     cross join lateral (select content_hash, content_type from memo where memo.tenant_id = $1 and memo.key = wanted.key limit 1) as recorded`,
    [tenantId, keys],
  )
  const known = new Map(rows.map(({ key, ...output }) => [key, output]))
  return keys.map((key) => known.get(key) ?? null)
}
