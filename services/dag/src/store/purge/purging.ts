import { randomBytes } from 'node:crypto'
import type { Queryable } from '@studio/database'
import type { KnownVersion, Making } from '../../domain/purge/judge-versions.ts'
import type { PurgingTransaction } from '../../domain/purge/ports.ts'
import type { InputEdge } from '../../domain/ports.ts'
import { listFed, listKnown } from './listings.ts'
import { places } from './places.ts'

const secretBytes = 32

/** What purges do to one tenant's rows, in a transaction that holds its lock. */
export function purgingTransaction(tx: Queryable, tenantId: string): PurgingTransaction {
  return {
    isWaiting: async (purgeId) => {
      const rows = await tx.query('is-purge-waiting', 'select from purge where id = $1 and begun_at is null', [purgeId])
      return rows.length > 0
    },
    listEdgesBelow: (blobIds) =>
      tx.query<InputEdge>(
        'list-purged-edges-below',
        `with recursive below(blob_id) as (
           select unnest($1::uuid[])
           union select edge.target_id from below join edge on edge.source_id = below.blob_id and edge.valid_to is null)
         select edge.source_id, edge.target_id,
           exists (select from purged where purged.blob_id = edge.source_id and purged.version = 0) as source_deleted
         from below join edge on edge.target_id = below.blob_id and edge.valid_to is null`,
        [blobIds],
      ),
    listFed: (blobIds) => listFed(tx, blobIds),
    listKnown: (blobIds): Promise<KnownVersion[]> => listKnown(tx, blobIds),
    listMakings: (blobIds) =>
      tx.query<Making>(
        'list-makings',
        `select blob_id, version, (
           select coalesce(json_agg(json_build_object('blob_id', input->>'blob_id', 'version', (input->>'version')::int)), '[]')
           from json_array_elements(inputs) as input) as inputs
         from run where blob_id = any($1::uuid[]) and version is not null and outcome in ('version', 'cutoff', 'memo')
           -- What was merged with a user's edit is not of these inputs alone.
           and not exists (select from head where head.blob_id = run.blob_id and head.version = run.version and head.output_hash is not null)
           and not exists (select from node where node.blob_id = run.blob_id and node.version = run.version and node.overlay is not null)`,
        [blobIds],
      ),
    retake: async (blobIds) => {
      await tx.execute(
        'retake',
        `update node set epoch = epoch + 1, state = case state when 'running' then 'dirty' else state end, claim_id = null, lease_until = null,
           key = null, last_key = null, awaits = null, superseded_at = null, changed_at = now()
         where tenant_id = $1 and blob_id = any($2::uuid[])`,
        [tenantId, blobIds],
      )
    },
    begin: async (purgeId, blobIds) => {
      await tx.execute('begin-purge', 'update purge set begun_at = now(), secret = $2 where id = $1', [
        purgeId,
        randomBytes(secretBytes),
      ])
      await addPurged(purgeId, blobIds, Array<number>(blobIds.length).fill(0))
    },
    addVersions: (purgeId, versions) =>
      addPurged(
        purgeId,
        versions.map(({ blob_id }) => blob_id),
        versions.map(({ version }) => version),
      ),
    eraseRecords: async (purgeId, blobIds) => {
      for (const { name, text } of places) await tx.execute(name, text, [tenantId, purgeId, blobIds])
      await tx.execute('note-erased', 'update purged set erased = true where purge_id = $1 and not erased', [purgeId])
    },
  }

  /** What another purge has taken already stays that one's. */
  async function addPurged(purgeId: string, blobIds: readonly string[], versions: readonly number[]): Promise<void> {
    await tx.execute(
      'add-purged',
      `insert into purged (blob_id, version, purge_id, tenant_id)
       select blob_id, version, $1, $2 from unnest($3::uuid[], $4::int[]) as new(blob_id, version)
       where not exists (select from purged as whole where whole.blob_id = new.blob_id and whole.version = 0) on conflict do nothing`,
      [purgeId, tenantId, blobIds, versions],
    )
  }
}
