import type { Blob, Job, Provider, Run } from '@studio/contracts'
import { matchesContentType, newId, runId, StudioError } from '@studio/kernel'
import { markDirty, ringCascades } from './mark-dirty.ts'
import type { CascadeBell, GraphStore, NodeRow, SourceHead } from './ports.ts'
import { deriveFrom } from './trigger-derivations.ts'

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

/**
 * Runs a provider on a blob because somebody asked for it. The derivation lasts from now on; asked again with the same configuration
 * and unchanged input, no provider runs and the job ends with outcome `memo`.
 */
export async function createJob(
  deps: { store: GraphStore; bell: CascadeBell },
  request: { tenant_id: string; user_id: string; label: string; traceparent: string | null },
  blob: Blob,
  provider: Provider,
  config: Record<string, unknown>,
): Promise<Job> {
  assertRunnable(blob, provider)
  const { job, ring } = await deps.store.transaction(request.tenant_id, async (graph) => {
    const [known] = await graph.readNodes([blob.id])
    const gone = known?.doomed || (known?.state === 'deleted' && known.version >= blob.version)
    if (gone) throw new StudioError('blob_deleted', `The blob ${blob.id} has been deleted.`)
    if (!known) await graph.putSources([headOf(blob)])
    const ancestry = known?.ancestry ?? []
    const derivation = deriveFrom(
      {
        tenant_id: request.tenant_id,
        blob_id: blob.id,
        user_id: request.user_id,
        ancestry,
        root_id: blob.root_id,
        depth: blob.depth,
      },
      provider,
      config,
      request.label,
    )
    const added = await graph.addDerivations([derivation])
    if (added.length === 0) await graph.setConfig(derivation.blob_id, config)
    return await startJob(derivation.blob_id, provider.id, [blob.id], {
      ...request,
      root_id: blob.root_id,
      caused_by: null,
    })(graph)
  })
  deps.bell.ring(request.tenant_id, ring)
  return job
}

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
    return await startJob(blobId, node.provider_id ?? '', inputs, {
      tenant_id: tenantId,
      root_id: node.root_id,
      caused_by: node.caused_by,
      traceparent,
    })(graph)
  })
  deps.bell.ring(tenantId, ring)
  return started
}

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

/** A job and the run that ended it: its own, or the first one of a later epoch where edits overtook it. */
async function findJob(
  jobs: JobReader,
  tenantId: string,
  jobId: string,
): Promise<{ job: JobRow | null; run: Run | null }> {
  const [job, own] = await Promise.all([jobs.readJob(tenantId, jobId), jobs.readRun(tenantId, jobId)])
  return { job, run: own ?? (job ? await jobs.readRunSince(tenantId, job.blob_id, job.epoch) : null) }
}

function statusAfter(run: Run): Job['status'] {
  if (run.outcome === 'failed') return 'failed'
  return run.outcome === 'deleted' ? 'cancelled' : 'succeeded'
}

function statusOf(node: NodeRow | null): Job['status'] {
  if (!node || node.state === 'deleted') return 'cancelled'
  return node.state === 'running' ? 'running' : 'queued'
}

function assertRunnable(blob: Blob, provider: Provider): void {
  if (provider.status === 'disabled')
    throw new StudioError('provider_disabled', `Enable the provider ${provider.id} first.`)
  if (!provider.input_types.some((pattern) => matchesContentType(pattern, blob.content_type))) {
    throw new StudioError(
      'input_not_supported',
      `${provider.id} takes ${provider.input_types.join(', ')}, and this blob is ${blob.content_type}.`,
    )
  }
  if (blob.size > provider.max_input_bytes) {
    throw new StudioError(
      'input_not_supported',
      `${provider.id} takes at most ${provider.max_input_bytes} bytes, and this blob has ${blob.size}.`,
    )
  }
}

function headOf(blob: Blob): SourceHead {
  const { id, user_id, created_by, providers, parent_id, root_id, depth, version, content_hash, content_type, size } =
    blob
  return {
    blob_id: id,
    user_id,
    created_by,
    providers,
    parent_id,
    root_id,
    depth,
    version,
    content_hash,
    content_type,
    size,
    state: 'settled',
  }
}

function startJob(
  blobId: string,
  providerId: string,
  inputIds: string[],
  origin: { tenant_id: string; root_id: string; caused_by: string | null; traceparent: string | null },
) {
  return async (
    graph: Parameters<Parameters<GraphStore['transaction']>[1]>[0],
  ): Promise<{ job: Job; ring: string[] }> => {
    const cause = {
      cascade_id: newId(),
      root_id: origin.root_id,
      caused_by: origin.caused_by,
      traceparent: origin.traceparent,
    }
    const { marked, readyRoots } = await markDirty(graph, { causes: [cause], roots: [], seeds: [[blobId, 0]] })
    const epoch = marked.find((node) => node.blob_id === blobId)?.epoch
    if (epoch === undefined) throw new StudioError('internal_error', 'The node of the job is not in the graph.')
    const id = runId(blobId, epoch)
    const createdAt = await graph.addJob({ id, blob_id: blobId, epoch, provider_id: providerId })
    return {
      job: {
        id, tenant_id: origin.tenant_id, provider_id: providerId, input_ids: inputIds, blob_id: blobId,
        status: 'queued', run: null, created_at: createdAt.toISOString(),
      }, // prettier-ignore
      ring: ringCascades(graph, readyRoots),
    }
  }
}
