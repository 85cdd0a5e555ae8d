import type { Transaction } from '@studio/database'
import type { Lease, StoredClaim } from '../domain/ports.ts'

/**
 * From here on until the node settles, blob may hold more than dag knows: an attempt may commit and die, or be overtaken, before it settles. So the
 * key of the last run is forgotten, which keeps the node from being taken for fresh, and `leases` tells whether the head known
 * here can be trusted.
 *
 * The recorded outputs of that run and of the one to come (where there is one) are of use: noted to the hour, so that what is used all the time is not
 * written all the time.
 */
export async function lease(
  tx: Transaction,
  tenantId: string,
  leaseMs: number,
  leases: readonly Lease[],
): Promise<void> {
  if (leases.length === 0) return
  await tx.send(
    'lease',
    `with leased as (
       update node set state = 'running', leases = node.leases + 1, last_key = null, claim_id = lease.claim_id,
         lease_until = now() + $3 * interval '1 millisecond', key = lease.key,
         provider_version = coalesce(lease.provider_version, node.provider_version), changed_at = now()
       from json_to_recordset($2::json) as lease(blob_id uuid, claim_id uuid, key text, provider_version text)
       where node.blob_id = lease.blob_id and node.tenant_id = $1
       returning old.last_key, node.key)
     update memo set used_at = now()
     from (select last_key as key from leased union select key from leased) as used
     where memo.tenant_id = $1 and memo.key = used.key and memo.used_at < now() - interval '1 hour'`,
    [tenantId, JSON.stringify(leases), leaseMs],
  )
}

/** Gives nodes back: ready again as soon as they wait for nothing, those that failed alone from now on, and those whose run has not begun without a key. */
export async function release(
  tx: Transaction,
  tenantId: string,
  nodes: readonly { blob_id: string; failed: boolean; begun: boolean }[],
): Promise<void> {
  if (nodes.length === 0) return
  await tx.send(
    'release',
    `update node set state = 'dirty', claim_id = null, lease_until = null, attempts = node.attempts + given.failed::int,
       key = case when given.begun then node.key end, changed_at = now()
     from unnest($2::uuid[], $3::boolean[], $4::boolean[]) as given(blob_id, failed, begun) where node.tenant_id = $1 and node.blob_id = given.blob_id`,
    [tenantId, nodes.map(({ blob_id }) => blob_id), nodes.map(({ failed }) => failed), nodes.map(({ begun }) => begun)],
  )
}

/** Makes the nodes of claims ready again, all of them or those whose lease is over; answers which. */
export async function returnClaims(
  tx: Transaction,
  tenantId: string,
  claimIds: readonly string[],
  which: 'all' | 'expired',
): Promise<string[]> {
  const rows = await tx.query<{ blob_id: string }>(
    'return-claims',
    `update node set state = 'dirty', claim_id = null, lease_until = null, changed_at = now()
     where tenant_id = $1 and claim_id = any($2::uuid[]) and state = 'running' and ($3 or lease_until < now())
     returning blob_id`,
    [tenantId, claimIds, which === 'all'],
  )
  return rows.map((row) => row.blob_id)
}

export async function addClaims(tx: Transaction, requestId: string, claims: readonly StoredClaim[]): Promise<void> {
  if (claims.length === 0) return
  await tx.send(
    'add-claims',
    `insert into claim (id, request_id, tenant_id, work)
     select id, $1, tenant_id, work from json_to_recordset($2::json) as new(id uuid, tenant_id uuid, work json)`,
    [requestId, JSON.stringify(claims)],
  )
}

export async function readClaimsOfRequest(
  tx: Transaction,
  tenantId: string,
  requestId: string,
): Promise<StoredClaim[]> {
  return await tx.query<StoredClaim>(
    'read-claims-of-request',
    `select id, tenant_id, work from claim where request_id = $2 and tenant_id = $1
       and exists (select 1 from node where node.claim_id = claim.id)`,
    [tenantId, requestId],
  )
}

export async function orphanClaims(tx: Transaction, tenantId: string, claimIds: readonly string[]): Promise<void> {
  if (claimIds.length === 0) return
  await tx.send('orphan-claims', 'update claim set orphaned = true where tenant_id = $1 and id = any($2::uuid[])', [
    tenantId,
    claimIds,
  ])
}

/** Takes away from workers what was claimed with these nodes, which they have no more, and waits for them; answers which. */
export async function returnStranded(tx: Transaction, tenantId: string, blobIds: readonly string[]): Promise<string[]> {
  const rows = await tx.query<{ blob_id: string }>(
    'return-stranded',
    `with recursive stranded(blob_id) as (
       select node.blob_id from edge join node on node.blob_id = edge.target_id
       where edge.source_id = any($2::uuid[]) and edge.valid_to is null and node.state = 'running' and node.dirty_inputs > 0
       union select node.blob_id from stranded join edge on edge.source_id = stranded.blob_id and edge.valid_to is null
         join node on node.blob_id = edge.target_id and node.state = 'running' and node.dirty_inputs > 0)
     update node set state = 'dirty', claim_id = null, lease_until = null, changed_at = now()
     from stranded where node.blob_id = stranded.blob_id and node.tenant_id = $1
     returning node.blob_id`,
    [tenantId, blobIds],
  )
  return rows.map((row) => row.blob_id)
}
