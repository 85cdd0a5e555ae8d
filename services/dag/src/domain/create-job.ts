import type { Blob, Job, Provider } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { checkInputs } from './check-inputs.ts'
import type { CascadeBell, GraphStore } from './ports.ts'
import { sourceHead } from './source-head.ts'
import { startJob } from './start-job.ts'
import { deriveFrom } from './trigger-derivations.ts'

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
  const names = Object.keys(provider.inputs)
  if (names.length > 1)
    throw new StudioError(
      'input_not_supported',
      `${provider.id} takes several inputs (${names.join(', ')}): name them at POST …/derivations.`,
    )
  checkInputs(provider, Object.fromEntries(names.map((name) => [name, [blob.id]])), new Map([[blob.id, blob]]))
  const { job, ring } = await deps.store.transaction(request.tenant_id, async (graph) => {
    const [known] = await graph.readNodes([blob.id])
    const gone = known?.doomed || (known?.state === 'deleted' && known.version >= blob.version)
    if (gone) throw new StudioError('blob_deleted', `The blob ${blob.id} has been deleted.`)
    if (!known) await graph.putSources([sourceHead({ ...blob, blob_id: blob.id }, 'settled')])
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
    const node = { blob_id: derivation.blob_id, provider_id: provider.id, input_ids: [blob.id] }
    return await startJob(graph, node, { root_id: blob.root_id, caused_by: null, traceparent: request.traceparent })
  })
  deps.bell.ring(request.tenant_id, ring)
  return job
}
