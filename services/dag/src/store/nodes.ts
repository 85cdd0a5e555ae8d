import type { Queryable, Transaction } from '@studio/database'
import type { EditedHead, NodeRow, ReadyProvider, SourceHead } from '../domain/ports.ts'
import { moment } from './moment.ts'
import { isReady } from './states.ts'

const columns = `blob_id, tenant_id, user_id, created_by, providers, ancestry, parent_id, root_id, depth, version, content_hash, content_type, size,
  output_hash, output_type, overlay, provider_id, provider_version, config, state, doomed, dirty_inputs, epoch, attempts, key, claim_id, last_key, last_run_id, last_run_at, readings,
  error, cascade_id, caused_by, traceparent, again_cascade_id, also_in, held`

export async function readNodes(database: Queryable, tenantId: string, blobIds: readonly string[]): Promise<NodeRow[]> {
  if (blobIds.length === 0) return []
  return await database.query<NodeRow>(
    'read-nodes',
    `select ${columns} from node where tenant_id = $1 and blob_id = any($2::uuid[])`,
    [tenantId, blobIds],
  )
}

export async function readClaimedNodes(tx: Transaction, tenantId: string, claimId: string): Promise<NodeRow[]> {
  return await tx.query<NodeRow>(
    'read-claimed-nodes',
    `select ${columns} from node where tenant_id = $1 and claim_id = $2 and state = 'running'`,
    [tenantId, claimId],
  )
}

/** What a worker that goes on may take of these providers, as SQL over `node`. */
const isOfCrew = (providers: string): string =>
  `coalesce(provider_id = any(${providers}), false) and attempts = 0 and not doomed`

/** One provider after the other, so that their batches are full. */
export async function listReady(
  tx: Transaction,
  tenantId: string,
  limit: number,
  crews: ReadonlyMap<string, number>,
): Promise<NodeRow[]> {
  return await tx.query<NodeRow>(
    'list-ready',
    `select ${columns} from (
       (select node.* from unnest($3::text[], $4::int[]) with ordinality as crew(id, room, place)
          cross join lateral (
            select * from node where tenant_id = $1 and ${isReady} and provider_id = crew.id and attempts = 0 and not doomed order by changed_at limit crew.room) as node
        order by crew.place, node.changed_at)
       union all
       (select * from node where tenant_id = $1 and ${isReady} and not (${isOfCrew('$3::text[]')}) order by changed_at limit $2)) as node
     limit $2`,
    [tenantId, limit, [...crews.keys()], [...crews.values()]],
  )
}

/** SQL: claims of runs by provider, but for those that a worker has had for longer than so many milliseconds. */
const atWork = (slowBatchMs: string): string =>
  `select provider_id, count(*)::int as claims
   from (select distinct provider_id, claim_id from node where tenant_id = $1 and state = 'running' and provider_id is not null and not doomed) as leased
     cross join lateral (select read_at from claim where claim.id = leased.claim_id limit 1) as claim
   where read_at is null or read_at > now() - ${slowBatchMs} * interval '1 millisecond' group by provider_id`

export async function listAtWork(tx: Transaction, tenantId: string, slowBatchMs: number): Promise<Map<string, number>> {
  const rows = await tx.query<{ provider_id: string; claims: number }>('list-at-work', atWork('$2'), [
    tenantId,
    slowBatchMs,
  ])
  return new Map(rows.map(({ provider_id: id, claims }) => [id, claims]))
}

/** What a worker of the provider may go on with: what has failed in a batch goes alone. */
export async function listReadyOf(
  tx: Transaction,
  tenantId: string,
  providerId: string,
  limit: number,
): Promise<NodeRow[]> {
  return await tx.query<NodeRow>(
    'list-ready-of',
    `select ${columns} from node where tenant_id = $1 and ${isReady} and provider_id = $2 and attempts = 0 and not doomed order by changed_at limit $3`,
    [tenantId, providerId, limit],
  )
}

export async function hasClaimed(database: Queryable, tenantId: string, requestId: string): Promise<boolean> {
  const [row] = await database.query<{ claimed: boolean }>(
    'has-claimed',
    'select exists (select from claim where tenant_id = $1 and request_id = $2) as claimed',
    [tenantId, requestId],
  )
  return row?.claimed ?? false
}

const goesAlone = '(attempts > 0 or doomed)'
const kindsAfter = (condition: string): string =>
  `select provider_id, ${goesAlone} as goes_alone from node where tenant_id = $1 and ${isReady}${condition} order by provider_id, ${goesAlone} limit 1`

/** SQL: `kind`, providers of the tenant's ready nodes; `goes_alone`: of some that do not go with others. A step of an index each, however many nodes there are. */
const readyKinds = `with recursive kind as (
   (${kindsAfter('')})
   union all
   select next.* from kind cross join lateral (${kindsAfter(` and (provider_id, ${goesAlone}) > (kind.provider_id, kind.goes_alone)`)}) as next)`

export async function listReadyProviders(database: Queryable, tenantId: string): Promise<ReadyProvider[]> {
  return await database.query<ReadyProvider>(
    'list-ready-providers',
    `${readyKinds} select provider_id as id, bool_or(goes_alone) as has_alone, not bool_and(goes_alone) as has_others from kind group by provider_id`,
    [tenantId],
  )
}

const none = { cheap: [], crews: 0, slowBatchMs: 0 }

export async function hasReady(
  tx: Transaction,
  tenantId: string,
  { cheap, crews, slowBatchMs }: { cheap: readonly string[]; crews: number; slowBatchMs: number } = none,
): Promise<boolean> {
  const [row] = await tx.query<{ ready: boolean }>(
    'has-ready',
    `${readyKinds}
     select exists (select from kind where goes_alone or provider_id <> all(array(
       select provider_id from (${atWork('$4')}) as provider where provider_id = any($2::text[]) and claims >= $3))) as ready`,
    [tenantId, cheap, crews, slowBatchMs],
  )
  return row?.ready ?? false
}

/** Takes over newer heads only; an older one that comes late changes nothing. Answers those that moved, and which are published in another way from now on. */
export async function putSources(
  tx: Transaction,
  tenantId: string,
  heads: readonly SourceHead[],
): Promise<{ blob_id: string; is_regated: boolean }[]> {
  if (heads.length === 0) return []
  return await tx.query<{ blob_id: string; is_regated: boolean }>(
    'put-sources',
    `with moved as (
       insert into node (blob_id, tenant_id, user_id, created_by, providers, ancestry, parent_id, root_id, depth, version, content_hash, content_type, size, state, publication)
       select blob_id, $1, user_id, created_by, providers, '{}', parent_id, root_id, depth, version, content_hash, content_type, size, state, nullif(publication, 'immediate')
       from json_to_recordset($2::json) as head(blob_id uuid, user_id uuid, created_by text, providers json, parent_id uuid, root_id uuid, depth int,
         version int, content_hash text, content_type text, size bigint, state text, publication text)
       on conflict (blob_id) do update set version = excluded.version, content_hash = excluded.content_hash, content_type = excluded.content_type,
         size = excluded.size, state = excluded.state, providers = excluded.providers, publication = excluded.publication, changed_at = now()
       where node.tenant_id = excluded.tenant_id and node.version < excluded.version
       returning node.blob_id, node.version, node.content_hash, node.content_type, node.state, new.publication is distinct from old.publication as is_regated),
     recorded as (insert into head (blob_id, version, tenant_id, content_hash, content_type, deleted, at)
     select blob_id, version, $1, content_hash, content_type, state = 'deleted', ${moment} from moved)
     select blob_id, is_regated from moved`,
    [tenantId, JSON.stringify(heads)],
  )
}

/** Takes over newer versions that users made of derived blobs. State, epoch and lease are none of theirs. */
export async function putEdits(tx: Transaction, tenantId: string, heads: readonly EditedHead[]): Promise<void> {
  if (heads.length === 0) return
  await tx.send(
    'put-edits',
    `with moved as (
       update node set version = edited.version, content_hash = edited.content_hash, content_type = edited.content_type, size = edited.size,
         output_hash = edited.output_hash, output_type = edited.output_type, overlay = edited.overlay
       from json_to_recordset($2::json) as edited(blob_id uuid, version int, content_hash text, content_type text, size bigint,
         output_hash text, output_type text, overlay text)
       where node.blob_id = edited.blob_id and node.tenant_id = $1 and node.version < edited.version
       returning node.blob_id, node.version, node.content_hash, node.content_type)
     insert into head (blob_id, version, tenant_id, content_hash, content_type, deleted, at)
     select blob_id, version, $1, content_hash, content_type, false, ${moment} from moved`,
    [tenantId, JSON.stringify(heads)],
  )
}

export async function setConfig(
  tx: Transaction,
  tenantId: string,
  blobId: string,
  config: Record<string, unknown>,
): Promise<void> {
  await tx.send('set-config', 'update node set config = $3::json where tenant_id = $1 and blob_id = $2', [
    tenantId,
    blobId,
    JSON.stringify(config),
  ])
}

export async function addAncestry(
  tx: Transaction,
  tenantId: string,
  blobIds: readonly string[],
  providerIds: readonly string[],
): Promise<void> {
  await tx.send(
    'add-ancestry',
    `update node set ancestry = ancestry || array(select unnest($3::text[]) except select unnest(ancestry))
     where tenant_id = $1 and blob_id = any($2::uuid[]) and not ancestry @> $3::text[]`,
    [tenantId, blobIds, providerIds],
  )
}
