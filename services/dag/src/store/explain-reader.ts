import type { ClaimInput, PauseReason } from '@studio/contracts'
import type { Database } from '@studio/database'
import type { Known } from '../domain/explain.ts'
import type { PrismaClient } from '../generated/client.ts'
import { listInputs } from './edges.ts'
import { runOf } from './job-reader.ts'
import { readNodes } from './nodes.ts'
import { unsettledStates } from './states.ts'

type Told = Omit<Known, 'inputs' | 'provider'> & {
  readonly inputs: readonly ClaimInput[]
}

/** All that dag has of one blob to explain it, whatever the size of its graph; null for what the tenant does not have. */
export async function readKnown(
  database: Database,
  prisma: PrismaClient,
  tenantId: string,
  blobId: string,
): Promise<Told | null> {
  const [node] = await readNodes(database, tenantId, [blobId])
  if (!node) return null
  const mine = { tenantId, blobId }
  const [inputs, unsettledInputs, settledBy, madeBy, lastRun, cascade, failedAbove, equalInputs, claim] =
    await Promise.all([
      listInputs(database, [blobId]).then((inputs) => inputs.get(blobId) ?? []),
      node.state === 'dirty' ? listUnsettledInputs(database, blobId) : [],
      prisma.run.findFirst({
        where: { ...mine, outcome: { in: ['version', 'cutoff', 'memo'] } },
        orderBy: { epoch: 'desc' },
      }),
      // A user's own version was made by no run, though one may have left it as it is.
      isUsersOwn(database, blobId, node.version).then((isTheirs) =>
        isTheirs
          ? null
          : prisma.run.findFirst({
              where: { ...mine, outcome: { in: ['version', 'memo'] }, version: node.version },
              // Later ones found that the version is there already.
              orderBy: { epoch: 'asc' },
            }),
      ),
      prisma.run.findFirst({ where: { ...mine, epoch: node.epoch } }),
      node.cascade_id === null ? null : prisma.cascade.findFirst({ where: { id: node.cascade_id, tenantId } }),
      node.state === 'blocked' ? listFailedAbove(database, blobId) : [],
      node.cascade_id === null ? [] : listEqualInputs(database, blobId, node.cascade_id),
      node.claim_id === null ? null : prisma.claim.findFirst({ where: { id: node.claim_id, tenantId } }),
    ])
  return {
    node,
    inputs,
    unsettledInputs,
    settledBy: settledBy && runOf(settledBy),
    madeBy: madeBy && runOf(madeBy),
    isForgotten: settledBy !== null && (await hasReadPurged(database, settledBy.id)),
    lastRun: lastRun && runOf(lastRun),
    cascade: cascade && {
      id: cascade.id,
      root_id: cascade.rootId,
      caused_by: cascade.causedBy,
      started_at: cascade.startedAt.toISOString(),
      paused_by: cascade.pausedBy as PauseReason | null,
    },
    failedAbove,
    equalInputs,
    workflowId: (claim?.work as { workflow_id?: string } | undefined)?.workflow_id ?? null,
  }
}

async function hasReadPurged(database: Database, runId: string): Promise<boolean> {
  const rows = await database.query(
    'has-read-purged',
    `select from run, json_to_recordset(run.inputs) as input(blob_id uuid, version int)
       join purged on purged.blob_id = input.blob_id and purged.version in (0, input.version)
     where run.id = $1 limit 1`,
    [runId],
  )
  return rows.length > 0
}

/** What a dirty node waits for, as it is counted when it is marked. */
async function listUnsettledInputs(database: Database, blobId: string): Promise<string[]> {
  const rows = await database.query<{ blob_id: string }>(
    'list-unsettled-inputs',
    `select distinct source.blob_id from edge join node source on source.blob_id = edge.source_id
     where edge.target_id = $1 and edge.valid_to is null and source.state in ${unsettledStates} and not source.doomed`,
    [blobId],
  )
  return rows.map((row) => row.blob_id)
}

async function listFailedAbove(database: Database, blobId: string): Promise<string[]> {
  const rows = await database.query<{ blob_id: string }>(
    'list-failed-above',
    `with recursive above(blob_id) as (
       select $1::uuid
       union select edge.source_id from above join node on node.blob_id = above.blob_id and node.state = 'blocked'
         join edge on edge.target_id = above.blob_id and edge.valid_to is null)
     select blob_id from above join node using (blob_id) where node.state in ('failed', 'cancelled')`,
    [blobId],
  )
  return rows.map((row) => row.blob_id)
}

/** Inputs that a cascade made anew with an equal result, or left as they were because theirs came out equal. */
async function listEqualInputs(database: Database, blobId: string, cascadeId: string): Promise<string[]> {
  const rows = await database.query<{ blob_id: string }>(
    'list-equal-inputs',
    `select distinct source.blob_id from edge join node source on source.blob_id = edge.source_id
     where edge.target_id = $1 and edge.valid_to is null and source.cascade_id = $2 and source.provider_id is not null
       and not exists (
         select from run where run.blob_id = source.blob_id and run.epoch = source.epoch and run.outcome in ('version', 'memo', 'failed')
           and not exists (select from run before where before.blob_id = run.blob_id and before.epoch < run.epoch and before.version = run.version))`,
    [blobId, cascadeId],
  )
  return rows.map((row) => row.blob_id)
}

async function isUsersOwn(database: Database, blobId: string, version: number): Promise<boolean> {
  const [head] = await database.query<{ run_id: string | null }>(
    'read-maker-of-head',
    'select run_id from head where blob_id = $1 and version = $2',
    [blobId, version],
  )
  return head !== undefined && head.run_id === null
}
