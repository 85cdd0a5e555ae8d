import type { ClaimInput, Run, RunOutcome } from '@studio/contracts'
import { prismaAdapter, type Database } from '@studio/database'
import type { Problem } from '@studio/kernel'
import type { JobReader } from '../domain/job-reader.ts'
import { PrismaClient, type Run as StoredRun } from '../generated/client.ts'
import { readNodes } from './nodes.ts'

/** Prisma over the pool that the hand-written statements use. */
export function createPrisma(database: Database): PrismaClient {
  return new PrismaClient({ adapter: prismaAdapter(database) })
}

export function createJobReader(prisma: PrismaClient, database: Database): JobReader {
  return {
    async readJob(tenantId, jobId) {
      const job = await prisma.job.findFirst({ where: { id: jobId, tenantId } })
      return (
        job && {
          id: job.id,
          tenant_id: job.tenantId,
          blob_id: job.blobId,
          epoch: job.epoch,
          provider_id: job.providerId,
          created_at: job.createdAt,
        }
      )
    },
    async readRun(tenantId, runId) {
      const run = await prisma.run.findFirst({ where: { id: runId, tenantId } })
      return run && runOf(run)
    },
    async readRunSince(tenantId, blobId, epoch) {
      const run = await prisma.run.findFirst({
        where: { tenantId, blobId, epoch: { gte: epoch } },
        orderBy: { epoch: 'asc' },
      })
      return run && runOf(run)
    },
    async readNode(tenantId, blobId) {
      return (await readNodes(database, tenantId, [blobId]))[0] ?? null
    },
    async listInputIds(blobId) {
      const edges = await prisma.edge.findMany({
        where: { targetId: blobId, validTo: null },
        orderBy: [{ input: 'asc' }, { ordinal: 'asc' }],
      })
      return edges.map((edge) => edge.sourceId)
    },
  }
}

/** Runs of a derived blob, newest first. */
export async function listRuns(
  prisma: PrismaClient,
  tenantId: string,
  blobId: string,
  limit: number,
  before: string | undefined,
): Promise<Run[]> {
  const runs = await prisma.run.findMany({
    where: { tenantId, blobId },
    orderBy: [{ finishedAt: 'desc' }, { id: 'desc' }],
    take: limit,
    ...(before ? { cursor: { id: before }, skip: 1 } : {}),
  })
  return runs.map(runOf)
}

export function runOf(run: StoredRun): Run {
  return {
    id: run.id,
    tenant_id: run.tenantId,
    blob_id: run.blobId,
    epoch: run.epoch,
    provider_id: run.providerId,
    provider_version: run.providerVersion,
    key: run.key,
    inputs: run.inputs as unknown as ClaimInput[],
    outcome: run.outcome as RunOutcome,
    version: run.version,
    content_hash: run.contentHash,
    attempts: run.attempts,
    duration_ms: run.durationMs,
    usage: { tokens: numberOf(run.tokens), cost_microdollars: numberOf(run.costMicrodollars) },
    workflow_id: run.workflowId,
    caused_by: run.causedBy,
    error: run.error as unknown as Problem | null,
    finished_at: run.finishedAt.toISOString(),
  }
}

function numberOf(count: bigint | null): number | null {
  return count === null ? null : Number(count)
}
