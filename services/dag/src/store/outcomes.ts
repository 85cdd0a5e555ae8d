import type { ClaimInput } from '@studio/contracts'
import type { Transaction } from '@studio/database'
import type { NewRun, NodeSettlement } from '../domain/ports.ts'
import { moment } from './moment.ts'

/**
 * Ends runs, and records the heads that they made (a cutoff names the one that is there). A head that a user's edit has overtaken is recorded, and moves nothing. A
 * failed node keeps its head (the key that made it went with its lease); a deleted one forgets it, so that it is made anew if it comes back.
 */
export async function settle(tx: Transaction, tenantId: string, settlements: readonly NodeSettlement[]): Promise<void> {
  await tx.send(
    'settle',
    `with ended as (
       update node set state = done.state, doomed = false, dirty_inputs = 0, claim_id = null, lease_until = null, superseded_at = null, attempts = 0,
         leases = case done.state when 'failed' then node.leases else 0 end,
         version = greatest(done.version, node.version),
         content_hash = case when done.state = 'deleted' then null when done.version <= node.version then node.content_hash else coalesce(done.content_hash, node.content_hash) end,
         content_type = case when done.version <= node.version then node.content_type else coalesce(done.content_type, node.content_type) end,
         size = case when done.version <= node.version then node.size else coalesce(done.size, node.size) end,
         output_hash = case when done.made then done.output_hash else node.output_hash end,
         output_type = case when done.made then done.output_type else node.output_type end,
         overlay = case when done.made then done.overlay else node.overlay end,
         last_key = case done.state when 'deleted' then null when 'settled' then done.last_key else node.last_key end,
         readings = case done.state when 'settled' then done.readings else node.readings end, last_run_id = done.run_id, last_run_at = now(), error = done.error, changed_at = now()
       from json_to_recordset($2::json) as done(blob_id uuid, state text, version int, content_hash text, content_type text, size bigint,
         made boolean, output_hash text, output_type text, overlay text, head_output text, last_key text, readings json, run_id uuid, error json)
       where node.blob_id = done.blob_id and node.tenant_id = $1
       returning node.blob_id, done.version, old.version as version_before, done.content_hash, coalesce(done.content_type, node.content_type) as content_type,
         done.head_output, done.state, done.run_id)
     insert into head (blob_id, version, tenant_id, content_hash, content_type, output_hash, deleted, run_id, at)
     select blob_id, version, $1, content_hash, content_type, head_output, state = 'deleted', run_id, ${moment} from ended where version <> version_before
     on conflict (blob_id, version) do nothing`,
    [tenantId, JSON.stringify(settlements)],
  )
}

export async function settleFresh(
  tx: Transaction,
  tenantId: string,
  nodes: readonly { blob_id: string; key: string; readings: ClaimInput[] | null }[],
): Promise<void> {
  await tx.send(
    'settle-fresh',
    `update node set state = 'settled', attempts = 0, leases = 0, dirty_inputs = 0, claim_id = null, lease_until = null, superseded_at = null,
       last_key = fresh.key, readings = fresh.readings, error = null, changed_at = now()
     from json_to_recordset($2::json) as fresh(blob_id uuid, key text, readings json)
     where node.tenant_id = $1 and node.blob_id = fresh.blob_id`,
    [tenantId, JSON.stringify(nodes)],
  )
}

/** A run counts for all cascades that its node belongs to. */
export async function addRuns(tx: Transaction, tenantId: string, runs: readonly NewRun[]): Promise<void> {
  if (runs.length === 0) return
  await tx.send(
    'add-runs',
    `insert into run (id, tenant_id, blob_id, epoch, provider_id, provider_version, key, inputs, outcome, version, content_hash, attempts, duration_ms,
       tokens, cost_microdollars, workflow_id, cascade_id, also_in, caused_by, error)
     select id, $1, blob_id, epoch, provider_id, provider_version, key, inputs, outcome, version, content_hash, attempts, duration_ms,
       tokens, cost_microdollars, workflow_id, cascade_id, (select also_in from node where node.blob_id = new.blob_id), caused_by, error
     from json_to_recordset($2::json) as new(id uuid, blob_id uuid, epoch int, provider_id text, provider_version text, key text, inputs json,
       outcome text, version int, content_hash text, attempts int, duration_ms float8, tokens bigint, cost_microdollars bigint, workflow_id text, cascade_id uuid, caused_by uuid, error json)
     on conflict (id) do nothing`,
    [tenantId, JSON.stringify(runs.map(({ usage, ...run }) => ({ ...run, ...usage })))],
  )
}

/** Answers when it was made. */
export async function addJob(
  tx: Transaction,
  tenantId: string,
  job: { id: string; blob_id: string; epoch: number; provider_id: string },
): Promise<Date> {
  const [row] = await tx.query<{ created_at: Date }>(
    'add-job',
    'insert into job (id, tenant_id, blob_id, epoch, provider_id) values ($1, $2, $3, $4, $5) returning created_at',
    [job.id, tenantId, job.blob_id, job.epoch, job.provider_id],
  )
  return row?.created_at ?? new Date()
}

export async function listJobNodes(tx: Transaction, blobIds: readonly string[]): Promise<Set<string>> {
  const rows = await tx.query<{ blob_id: string }>(
    'list-job-nodes',
    `select node.blob_id from node where blob_id = any($1::uuid[]) and exists (
       select 1 from job where job.blob_id = node.blob_id and job.epoch <= node.epoch
         and not exists (select 1 from run where run.blob_id = job.blob_id and run.epoch >= job.epoch))`,
    [blobIds],
  )
  return new Set(rows.map((row) => row.blob_id))
}
