import type { Job, Run } from '@studio/contracts'
import { findJob, type JobReader } from './job-reader.ts'
import type { NodeRow } from './ports.ts'

/** A job as it stands. Runs have the ids of jobs, so that a triggered run can be looked at (and tried again) in the same way. */
export async function readJob(jobs: JobReader, tenantId: string, jobId: string): Promise<Job | null> {
  const { job, run } = await findJob(jobs, tenantId, jobId)
  const blobId = job?.blob_id ?? run?.blob_id
  if (!blobId) return null
  const node = run ? null : await jobs.readNode(tenantId, blobId)
  return {
    id: jobId,
    tenant_id: tenantId,
    provider_id: job?.provider_id ?? run?.provider_id ?? '',
    input_ids: await jobs.listInputIds(blobId),
    blob_id: blobId,
    status: run ? statusAfter(run) : statusOf(node),
    run,
    created_at: (job?.created_at ?? new Date(run?.finished_at ?? 0)).toISOString(),
  }
}

function statusAfter(run: Run): Job['status'] {
  if (run.outcome === 'failed') return 'failed'
  return run.outcome === 'deleted' ? 'cancelled' : 'succeeded'
}

function statusOf(node: NodeRow | null): Job['status'] {
  if (!node || node.state === 'deleted' || node.state === 'cancelled') return 'cancelled'
  return node.state === 'running' ? 'running' : 'queued'
}
