import type { Blob, Derivation, DerivationInputs, Provider } from '@studio/contracts'
import { canonicalJson, derivedBlobId, newId, StudioError } from '@studio/kernel'
import { adoptInputs } from './adopt-inputs.ts'
import { doomedBelow, isGone } from './doom.ts'
import { findCycle } from './find-cycle.ts'
import { markDirty, ringCascades } from './mark-dirty.ts'
import type { CascadeBell, GraphStore, GraphTransaction, NodeRow } from './ports.ts'

interface Deps {
  readonly store: GraphStore
  readonly bell: CascadeBell
}

interface Requester {
  readonly tenant_id: string
  readonly user_id: string
  readonly traceparent: string | null
}

type Nullable<Shape> = { readonly [Name in keyof Shape]: Shape[Name] | null }

/** A derivation in the graph; `isChanged`: it is to be derived anew. */
interface Placed {
  readonly blob_id: string
  readonly isChanged: boolean
  readonly created: boolean
}

/** A provider, the configuration that it is to have and the inputs that are meant, as they were found. */
export interface Wish {
  readonly provider: Provider
  readonly config: Record<string, unknown>
  readonly inputs: DerivationInputs
  /** Those of the inputs that blob has. */
  readonly blobs: ReadonlyMap<string, Blob>
}

/** Has a blob derived from others from now on, and derives it where that is news: see `placeDerivation`. */
export async function ensureDerivation(
  deps: Deps,
  request: Requester & { label: string },
  wish: Wish,
): Promise<{ derivation: Derivation; created: boolean }> {
  return inGraph(deps, request, (graph) => placeDerivation(graph, request, wish))
}

/**
 * Puts a derivation into the graph. The same again changes nothing, with another configuration it is to be derived anew; one that was
 * removed comes back, unless what it fed feeds its inputs by now: it would feed on itself, and is refused with the cycle named. Throws
 * `derivation_conflict`, `derivation_cycle` and what `adoptInputs` throws.
 */
export async function placeDerivation(
  graph: GraphTransaction,
  { tenant_id, user_id, label }: Requester & { label: string },
  { provider, config, inputs, blobs }: Wish,
): Promise<Placed> {
  const blob_id = derivedBlobId(tenant_id, provider.id, inputs, label)
  const place = await adoptInputs(graph, provider, inputs, blobs)
  const node = await findNode(graph, blob_id)
  const isNew = node === undefined || isGone(node)
  if (node === undefined)
    await graph.addDerivations([{ blob_id, user_id, provider_id: provider.id, config, label, inputs, ...place }])
  else if (isNew) await rewire(graph, blob_id, inputs, place.ancestry)
  else if (!isSame(await graph.readInputs(blob_id), inputs))
    throw new StudioError(
      'derivation_conflict',
      `The derivation ${blob_id} was made from these inputs and has others now. Update it, or give this one a label.`,
    )
  const isReconfigured = node !== undefined && !isSame(node.config, config)
  if (isReconfigured) await graph.setConfig(blob_id, config)
  return { blob_id, isChanged: isNew || isReconfigured, created: isNew }
}

/** Gives a derivation other inputs or another configuration; what is null stays. What would feed on itself is refused, with the cycle named. */
export async function updateDerivation(
  deps: Deps,
  request: Requester & { blob_id: string },
  { provider, config, inputs, blobs }: Pick<Wish, 'provider' | 'blobs'> & Nullable<Pick<Wish, 'config' | 'inputs'>>,
): Promise<Derivation> {
  const { blob_id } = request
  const { derivation } = await inGraph(deps, request, async (graph) => {
    const node = await findNode(graph, blob_id)
    if (!node?.provider_id || isGone(node)) throw derivationNotFound(blob_id)
    const isRewired = inputs !== null && !isSame(await graph.readInputs(blob_id), inputs)
    if (isRewired) {
      const { ancestry } = await adoptInputs(graph, provider, inputs, blobs)
      await rewire(graph, blob_id, inputs, ancestry)
    }
    const isReconfigured = config !== null && !isSame(node.config, config)
    if (isReconfigured) await graph.setConfig(blob_id, config)
    return { blob_id, isChanged: isRewired || isReconfigured, created: false }
  })
  return derivation
}

async function rewire(
  graph: GraphTransaction,
  blobId: string,
  inputs: DerivationInputs,
  ancestry: readonly string[],
): Promise<void> {
  const below = await graph.listEdgesBelow([blobId])
  const way = findCycle(blobId, Object.values(inputs).flat(), below)
  if (way !== null)
    throw new StudioError('derivation_cycle', `The blob would feed on itself: ${[...way, blobId].join(' → ')}.`, {
      extensions: { cycle: [...way, blobId] },
    })
  await graph.replaceInputs(blobId, inputs)
  // Triggers must not meet their own provider again by the new way either.
  await graph.addAncestry([blobId, ...below.map(({ target_id }) => target_id)], ancestry)
}

/** Ends a derivation: its blob is tombstoned, what only it feeds goes with it, what has other inputs is derived from those. */
export async function removeDerivation(deps: Deps, request: Requester & { blob_id: string }): Promise<Derivation> {
  const { tenant_id, blob_id, traceparent } = request
  const ring = await deps.store.transaction(tenant_id, async (graph) => {
    const node = await findNode(graph, blob_id)
    if (!node?.provider_id) throw derivationNotFound(blob_id)
    if (isGone(node)) return []
    // First, or it would survive as what has lost an input.
    await graph.replaceInputs(blob_id, {})
    const { doomed, survivors } = doomedBelow([blob_id], await graph.listEdgesBelow([blob_id]))
    const cause = { cascade_id: newId(), root_id: node.root_id, caused_by: null, traceparent }
    const waiting = await graph.markDoomed(cause, [blob_id, ...doomed])
    if (waiting > 0) await graph.addCascades([{ ...cause, nodes: waiting }])
    const { readyRoots } = await markDirty(graph, {
      causes: [{ ...cause, cascade_id: newId() }],
      roots: [],
      seeds: survivors.map((id) => [id, 0] as const),
    })
    return ringCascades(graph, waiting > 0 ? [node.root_id] : readyRoots)
  })
  deps.bell.ring(tenant_id, ring)
  return (await deps.store.readDerivation(tenant_id, blob_id)) ?? lost(blob_id)
}

/** Does something to a derivation with the tenant's lock; where it changed its blob is derived anew. */
async function inGraph(
  deps: Deps,
  { tenant_id, traceparent }: Requester,
  work: (graph: GraphTransaction) => Promise<Placed>,
): Promise<{ derivation: Derivation; created: boolean }> {
  const { blob_id, created, ring } = await deps.store.transaction(tenant_id, async (graph) => {
    const { blob_id, isChanged, created } = await work(graph)
    if (!isChanged) return { blob_id, created, ring: [] }
    const { root_id } = (await findNode(graph, blob_id)) ?? lost(blob_id)
    const cause = { cascade_id: newId(), root_id, caused_by: null, traceparent }
    const { readyRoots } = await markDirty(graph, { causes: [cause], roots: [], seeds: [[blob_id, 0]] })
    return { blob_id, created, ring: ringCascades(graph, readyRoots) }
  })
  deps.bell.ring(tenant_id, ring)
  return { derivation: (await deps.store.readDerivation(tenant_id, blob_id)) ?? lost(blob_id), created }
}

async function findNode(graph: GraphTransaction, blobId: string): Promise<NodeRow | undefined> {
  return (await graph.readNodes([blobId]))[0]
}

function isSame(one: unknown, other: unknown): boolean {
  return canonicalJson(one) === canonicalJson(other)
}

export function derivationNotFound(blobId: string): StudioError {
  return new StudioError('derivation_not_found', `No derivation makes the blob ${blobId}.`)
}

function lost(blobId: string): never {
  throw new StudioError('internal_error', `The derivation of ${blobId} was lost.`)
}
