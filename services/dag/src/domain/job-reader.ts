import type { Run } from '@studio/contracts'
import type { NodeRow } from './ports.ts'

export interface JobRow {
  id: string
  tenant_id: string
  blob_id: string
  epoch: number
  provider_id: string
  created_at: Date
}

/** What is recorded of jobs and runs. */
export interface JobReader {
  readJob(tenantId: string, jobId: string): Promise<JobRow | null>
  readRun(tenantId: string, runId: string): Promise<Run | null>
  /** The first run of a node in this epoch or a later one. */
  readRunSince(tenantId: string, blobId: string, epoch: number): Promise<Run | null>
  readNode(tenantId: string, blobId: string): Promise<NodeRow | null>
  listInputIds(blobId: string): Promise<string[]>
}

/** A job and the run that ended it: its own, or the first one of a later epoch where edits overtook it. */
export async function findJob(
  jobs: JobReader,
  tenantId: string,
  jobId: string,
): Promise<{ job: JobRow | null; run: Run | null }> {
  const [job, own] = await Promise.all([jobs.readJob(tenantId, jobId), jobs.readRun(tenantId, jobId)])
  return { job, run: own ?? (job ? await jobs.readRunSince(tenantId, job.blob_id, job.epoch) : null) }
}
