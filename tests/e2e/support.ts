import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type {
  BlobResource,
  CascadeResource,
  DeltaResource,
  DerivationResource,
  ExplanationResource,
  GraphResource,
  PurgeResource,
  RunResource,
  VerificationResource,
  VersionResource,
} from '@studio/contracts'
import { untilQuiet, waitForValue, type Answer, type Api, type TestStudio } from '@studio/testing'

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
    purge: (id: string): Promise<Answer<{ data: PurgeResource }>> => api.post(`${base}/blobs/${id}/purge`),
    /** Purges what has been deleted, and waits until that is done: two minutes, since a delta that a crash left out is found after one. */
    purged: async (id: string) => {
      const { status, headers, body } = await self.purge(id)
      expect([status, headers.get('location')]).toEqual([202, `${base}/purges/${body.data.id}`])
      return await waitForValue(
        `the purge of ${id}`,
        () => data<PurgeResource>(api.get(`${base}/purges/${body.data.id}`)),
        ({ state }) => state === 'done',
        { timeoutMs: 120_000 },
      )
    },
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
    startVerification: async () => {
      const { status, body, headers } = await api.post(`${base}/verifications`)
      expect([status, headers.get('location')]).toEqual([202, `${base}/verifications/${body.data.id}`])
      return body.data as VerificationResource
    },
    verification: (id: string) =>
      waitForValue(
        `the end of verification ${id}`,
        () => data<VerificationResource>(api.get(`${base}/verifications/${id}`)),
        ({ state }) => state !== 'running',
        { timeoutMs: 60_000 },
      ),
    /** What a verification finds in a quiet studio: what is under way is named, too. */
    verified: async (studio: TestStudio) => {
      await untilQuiet(studio)
      return self.verification((await self.startVerification()).id)
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

/** Keeps `slow` with this `held_by` at its work while it is shut: what is to happen meanwhile does so however slow the machine is. */
export function gate({ folder }: TestStudio) {
  const held_by = join(folder, `held-${randomUUID()}`)
  return { held_by, shut: () => writeFile(held_by, ''), open: () => rm(held_by, { force: true }) }
}
