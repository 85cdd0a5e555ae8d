import type { Blob, GraphEdge, Preview, PreviewedContent } from '@studio/contracts'
import { estimate, historyKey, totalsOf, type History } from './estimate.ts'
import type { GraphStore, Providers } from './ports.ts'
import { preview, type Held, type PreviewedBlob } from './preview.ts'
import { subjectOfTrigger, triggeredDerivations, type TriggerSource } from './trigger-derivations.ts'

/** What a preview reads. */
export interface PreviewReader {
  /** A blob and all below it (`ids`; none where dag does not know it), with all their inputs in the order of name and place. */
  readGraph(tenantId: string, blobId: string): Promise<PreviewedGraph>
  findMemos(tenantId: string, keys: readonly string[]): Promise<ReadonlyMap<string, Held>>
  readHistory(tenantId: string, versions: readonly (readonly [providerId: string, version: string])[]): Promise<History>
}

export interface PreviewedGraph {
  readonly ids: readonly string[]
  readonly blobs: readonly PreviewedBlob[]
  readonly edges: readonly GraphEdge[]
}

interface Deps {
  reader: PreviewReader
  store: GraphStore
  providers: Providers
}

/** What new content of a blob would cause below it; without a change, what its present content still does. Nothing is changed by asking. */
export async function previewChange(deps: Deps, blob: Blob, change: PreviewedContent | null): Promise<Preview> {
  const { tenant_id: tenantId } = blob
  const graph = await deps.reader.readGraph(tenantId, blob.id)
  const root = graph.blobs.find(({ blob_id }) => blob_id === blob.id)
  const added = change !== null || !root ? await newDerivations(deps, blob, change, root) : { blobs: [], edges: [] }
  const blobs = new Map([...graph.blobs, ...added.blobs].map((one) => [one.blob_id, one]))
  if (!root) blobs.set(blob.id, sourceNode(blob))
  const held = change ?? (blob.created_by === 'user' ? blob : null)
  const verdicts = await preview(
    {
      rootId: blob.id,
      held,
      changed: root !== undefined && held !== null && differs(root, held),
      ids: [...(root ? graph.ids : [blob.id]), ...added.blobs.map(({ blob_id }) => blob_id)],
      blobs,
      edges: [...graph.edges, ...added.edges],
      providers: await currentProviders(deps.providers, tenantId, [...blobs.values()]),
    },
    (keys) => deps.reader.findMemos(tenantId, keys),
  )
  const running = verdicts.flatMap(({ blob: { provider_id }, runs }) =>
    provider_id === null || runs === null ? [] : [[provider_id, runs] as const],
  )
  const versions = new Map(running.map(([id, version]) => [historyKey(id, version), [id, version] as const]))
  const nodes = estimate(verdicts, await deps.reader.readHistory(tenantId, [...versions.values()]))
  return { blob_id: blob.id, content_hash: (held ?? blob).content_hash, nodes, totals: totalsOf(nodes) }
}

function differs(root: PreviewedBlob, held: Held): boolean {
  return root.state === 'deleted' || root.content_hash !== held.content_hash || root.content_type !== held.content_type
}

async function currentProviders(providers: Providers, tenantId: string, blobs: readonly PreviewedBlob[]) {
  const ids = [...new Set(blobs.flatMap(({ provider_id }) => provider_id ?? []))]
  return new Map(await Promise.all(ids.map(async (id) => [id, await providers.current(tenantId, id)] as const)))
}

/** What triggers would make of the change and is not there yet: nodes that were never made. */
async function newDerivations(
  { store, providers }: Deps,
  blob: Blob,
  change: PreviewedContent | null,
  root: PreviewedBlob | undefined,
): Promise<{ blobs: PreviewedBlob[]; edges: GraphEdge[] }> {
  // Providers' own writes are looked at when they settle, and users' edits of them as those of any blob.
  if (blob.created_by !== 'user' && change === null) return { blobs: [], edges: [] }
  const [node] = blob.created_by === 'user' ? [] : await store.readNodes(blob.tenant_id, [blob.id])
  const { content_hash, content_type, size } = change ?? blob
  const source: TriggerSource = {
    ...blob,
    blob_id: blob.id,
    event: root ? 'blob.updated' : 'blob.created',
    content_hash,
    content_type,
    size,
    ancestry: node?.ancestry ?? [],
  }
  const text = change?.text ?? undefined
  const matches = await providers.match([{ ...subjectOfTrigger(source), ...(text !== undefined && { text }) }])
  const wanted = triggeredDerivations([source], matches)
  const ids = wanted.map(({ blob_id }) => blob_id)
  const there = new Set((await store.readNodes(blob.tenant_id, ids)).map(({ blob_id }) => blob_id))
  const added = wanted.filter(({ blob_id }) => !there.has(blob_id))
  return {
    blobs: added.map(({ blob_id, provider_id, config }) => ({ ...neverMade, blob_id, provider_id, config })),
    edges: added.flatMap(({ blob_id: target_id, inputs }) =>
      Object.entries(inputs).flatMap(([input, sources]) =>
        sources.map((source_id, ordinal) => ({ source_id, target_id, input, ordinal })),
      ),
    ),
  }
}

const neverMade = {
  provider_version: null, state: 'dirty', doomed: false, version: 0, content_hash: null, content_type: null, output_hash: null,
  overlay: null, last_key: null, readings: null,
} as const // prettier-ignore

/** A blob that dag has not heard of yet. */
function sourceNode({ id, version, content_hash, content_type }: Blob): PreviewedBlob {
  return {
    ...neverMade,
    blob_id: id,
    provider_id: null,
    config: null,
    state: 'settled',
    version,
    content_hash,
    content_type,
  }
}
