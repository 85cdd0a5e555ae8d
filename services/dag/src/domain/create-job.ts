import type { Blob, Job, Provider } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { placeDerivation } from './derivations.ts'
import type { CascadeBell, GraphStore } from './ports.ts'
import { startJob } from './start-job.ts'

/**
 * Runs a provider on a blob because somebody asked for it. The derivation lasts from now on; asked again with the same configuration
 * and unchanged input, no provider runs and the job ends with outcome `memo`. Throws what `placeDerivation` throws.
 */
export async function createJob(
  deps: { store: GraphStore; bell: CascadeBell },
  request: { tenant_id: string; user_id: string; label: string; traceparent: string | null },
  blob: Blob,
  provider: Provider,
  config: Record<string, unknown>,
): Promise<Job> {
  const names = Object.keys(provider.inputs)
  if (names.length > 1)
    throw new StudioError(
      'input_not_supported',
      `${provider.id} takes several inputs (${names.join(', ')}): name them at POST …/derivations.`,
    )
  const inputs = Object.fromEntries(names.map((name) => [name, [blob.id]]))
  const { job, ring } = await deps.store.transaction(request.tenant_id, async (graph) => {
    const wish = { provider, config, inputs, blobs: new Map([[blob.id, blob]]) }
    const { blob_id } = await placeDerivation(graph, request, wish)
    const node = { blob_id, provider_id: provider.id, input_ids: [blob.id] }
    return await startJob(graph, node, { root_id: blob.root_id, caused_by: null, traceparent: request.traceparent })
  })
  deps.bell.ring(request.tenant_id, ring)
  return job
}
