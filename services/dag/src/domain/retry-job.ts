import type { Job } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { findJob, type JobReader } from './job-reader.ts'
import type { CascadeBell, GraphStore } from './ports.ts'
import { startJob } from './start-job.ts'

/** Starts a failed run again: exactly the failed node and what it blocked. Throws job_not_found, job_not_failed. */
export async function retryJob(
  deps: { store: GraphStore; jobs: JobReader; bell: CascadeBell },
  tenantId: string,
  jobId: string,
  traceparent: string | null,
): Promise<Job> {
  const { job, run } = await findJob(deps.jobs, tenantId, jobId)
  const blobId = job?.blob_id ?? run?.blob_id
  if (!blobId) throw new StudioError('job_not_found')
  const inputs = await deps.jobs.listInputIds(blobId)
  const { job: started, ring } = await deps.store.transaction(tenantId, async (graph) => {
    const [node] = await graph.readNodes([blobId])
    if (node?.state !== 'failed' || node.epoch !== run?.epoch)
      throw new StudioError('job_not_failed', 'It has succeeded, is under way, or a newer run has taken its place.')
    const { root_id, caused_by, provider_id } = node
    return await startJob(
      graph,
      { blob_id: blobId, provider_id: provider_id ?? '', input_ids: inputs },
      { root_id, caused_by, traceparent },
    )
  })
  deps.bell.ring(tenantId, ring)
  return started
}
