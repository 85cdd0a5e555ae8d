import type { Blob, DerivationInputs, Provider } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { checkInputs } from './check-inputs.ts'
import type { GraphTransaction, NodeRow } from './ports.ts'
import { sourceHead } from './source-head.ts'
import { maximumDepth } from './trigger-derivations.ts'

/** Where a blob that is derived from some inputs lies in the graph. */
export interface Place {
  readonly parent_id: string
  readonly root_id: string
  readonly depth: number
  readonly ancestry: string[]
}

/** The distinct blobs of named inputs, in their order. */
export function blobsOf(inputs: DerivationInputs): string[] {
  return [...new Set(Object.values(inputs).flat())]
}

/**
 * Makes sure that the graph knows the blobs that are to be inputs, and that the provider takes them; `blobs` are those that blob has. Throws
 * `blob_not_found`, `blob_deleted`, `derivation_too_deep` and what `checkInputs` throws.
 */
export async function adoptInputs(
  graph: GraphTransaction,
  provider: Provider,
  inputs: DerivationInputs,
  blobs: ReadonlyMap<string, Blob>,
): Promise<Place> {
  const ids = blobsOf(inputs)
  const nodes = new Map((await graph.readNodes(ids)).map((node) => [node.blob_id, node]))
  for (const id of ids) assertThere(id, nodes.get(id), blobs.get(id))
  checkInputs(provider, inputs, new Map(ids.map((id) => [id, blobs.get(id) ?? nodes.get(id) ?? never(id)])))
  const unknown = ids.flatMap((id) => (nodes.has(id) ? [] : [blobs.get(id) ?? never(id)]))
  await graph.putSources(unknown.map((blob) => sourceHead({ ...blob, blob_id: blob.id }, 'settled')))

  const feeding = ids.map((id) => nodes.get(id) ?? { ...(blobs.get(id) ?? never(id)), ancestry: [] })
  const depth = Math.max(...feeding.map((blob) => blob.depth)) + 1
  if (depth > maximumDepth)
    throw new StudioError('derivation_too_deep', `A derivation lies at most ${maximumDepth} levels below its sources.`)
  return {
    parent_id: ids[0] ?? never(''),
    root_id: feeding[0]?.root_id ?? never(''),
    depth,
    ancestry: [...new Set([...feeding.flatMap((blob) => blob.ancestry), provider.id])],
  }
}

/** One that is not made yet is there: dag has it, and blob will. */
function assertThere(id: string, node: NodeRow | undefined, blob: Blob | undefined): void {
  if (!node && !blob) throw new StudioError('blob_not_found', `There is no blob ${id}.`)
  const isGone = blob ? blob.deleted_at !== null : node?.state === 'deleted'
  // dag may know of a deletion before blob is asked, and of one that is still to be written.
  const isGoing = node?.doomed || (node?.state === 'deleted' && node.version >= (blob?.version ?? 0))
  if (isGone || isGoing) throw new StudioError('blob_deleted', `The blob ${id} has been deleted.`)
}

function never(id: string): never {
  throw new StudioError('internal_error', `The input ${id} was lost.`)
}
