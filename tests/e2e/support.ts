import type {
  BlobResource,
  CascadeResource,
  DeltaResource,
  DerivationResource,
  ExplanationResource,
  GraphResource,
  RunResource,
  VersionResource,
} from '@studio/contracts'
import { waitForValue, type Answer, type Api } from '@studio/testing'

const base = '/api/v1/studio'

/** What a person does with a studio, over its public API only. */
export function user(api: Api) {
  const data = async <Data>(answering: Promise<Answer<{ data: Data }>>, status = 200): Promise<Data> => {
    const answer = await answering
    if (answer.status !== status)
      throw new Error(`expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`)
    return answer.body.data
  }
  const self = {
    api,
    create: (text: string, more: object = {}) => data<BlobResource>(api.post(`${base}/blobs`, { text, ...more }), 201),
    read: (id: string) => data<BlobResource>(api.get(`${base}/blobs/${id}?include=content,processing`)),
    edit: (id: string, text: string, headers: Record<string, string> = {}) =>
      data<BlobResource>(api.patch(`${base}/blobs/${id}`, { text }, headers)),
    remove: (id: string) => api.delete(`${base}/blobs/${id}`),
    graph: (id: string) => data<GraphResource>(api.get(`${base}/blobs/${id}/dag`)),
    versions: (id: string) => data<VersionResource[]>(api.get(`${base}/blobs/${id}/versions`)),
    deltas: (id: string) => data<DeltaResource[]>(api.get(`${base}/blobs/${id}/deltas`)),
    explain: (id: string) => data<ExplanationResource>(api.get(`${base}/blobs/${id}/explain`)),
    cascade: (id: string) => data<CascadeResource>(api.get(`${base}/cascades/${id}`)),
    /** Asks something of a cascade: `pause`, `resume`, `cancel`, `retry-failed`. */
    order: (id: string, action: string, body?: object) =>
      data<CascadeResource>(api.post(`${base}/cascades/${id}/${action}`, body)),
    derive: (provider_id: string, inputs: Record<string, string | string[]>, more: object = {}, status = 201) =>
      data<DerivationResource>(api.post(`${base}/derivations`, { provider_id, inputs, ...more }), status),
    derivation: (id: string) => data<DerivationResource>(api.get(`${base}/derivations/${id}`)),
    /** The text of a derived blob once it has this version and nothing more is to come. */
    made: async (id: string, version: number) => {
      await waitForValue(
        `version ${version} of ${id}`,
        () => self.derivation(id),
        (derivation) => derivation.state === 'settled' && derivation.version === version,
      )
      return (await self.read(id)).text ?? ''
    },
    runs: (id: string) => data<RunResource[]>(api.get(`${base}/blobs/${id}/runs`)),
    process: (provider: string, blobId: string, configuration: object = {}, label = '') =>
      data<{ job_id: string; blob_id: string }>(
        api.post(`${base}/providers/${provider}/process`, { blob_id: blobId, configuration, label }),
        202,
      ),
    job: (id: string) =>
      data<{ job_id: string; status: string; blob_id: string; run: RunResource | null }>(api.get(`${base}/jobs/${id}`)),
    retry: (id: string) => api.post(`${base}/jobs/${id}/retry`),
    /** Resolves when all that follows from the blob's head has been made, and has this many nodes. */
    settled: (id: string, nodes: number, timeoutMs = 60_000) =>
      waitForValue(
        `a settled graph of ${nodes} nodes`,
        () => self.graph(id),
        (graph) => graph.settled && graph.nodes.length === nodes,
        { timeoutMs },
      ),
    ended: (jobId: string, timeoutMs = 60_000) =>
      waitForValue(
        `the end of job ${jobId}`,
        () => self.job(jobId),
        (job) => ['succeeded', 'failed', 'cancelled'].includes(job.status),
        { timeoutMs },
      ),
    /** The derived blob that a provider made, by provider id. */
    derived: async (id: string) => {
      const graph = await self.graph(id)
      const blobs = await Promise.all(
        graph.nodes
          .filter((node) => node.provider_id !== null)
          .map(async (node) => [node.provider_id ?? '', await self.read(node.blob_id)] as const),
      )
      return Object.fromEntries(blobs) as Record<string, BlobResource>
    },
  }
  return self
}

export type User = ReturnType<typeof user>
