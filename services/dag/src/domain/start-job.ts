import type { Job } from '@studio/contracts'
import { newId, runId, StudioError } from '@studio/kernel'
import { markDirty, ringCascades } from './mark-dirty.ts'
import type { GraphTransaction } from './ports.ts'

/** Makes one node dirty with all below it, and a job of the run that this asks for; `ring` are the cascades to wake afterwards. */
export async function startJob(
  graph: GraphTransaction,
  node: { blob_id: string; provider_id: string; input_ids: string[] },
  origin: { root_id: string; caused_by: string | null; traceparent: string | null },
): Promise<{ job: Job; ring: string[] }> {
  const { root_id, caused_by, traceparent } = origin
  const cause = { cascade_id: newId(), root_id, caused_by, traceparent }
  const { marked, readyRoots } = await markDirty(graph, { causes: [cause], roots: [], seeds: [[node.blob_id, 0]] })
  const epoch = marked.find((one) => one.blob_id === node.blob_id)?.epoch
  if (epoch === undefined) throw new StudioError('internal_error', 'The node of the job is not in the graph.')
  const { blob_id, provider_id } = node
  const id = runId(blob_id, epoch)
  const createdAt = await graph.addJob({ id, blob_id, epoch, provider_id })
  const job = { ...node, id, tenant_id: graph.tenantId, status: 'queued' as const, run: null }
  return { job: { ...job, created_at: createdAt.toISOString() }, ring: ringCascades(graph, readyRoots) }
}
