import type { NodeState } from '@studio/contracts'

/** A blob that is published with others, as it stands: `published_version` is what readers see of it, 0 for nothing. */
export interface GatedNode {
  blob_id: string
  version: number
  state: NodeState
  doomed: boolean
  published_version: number
  /** Those of its inputs that are published with others, in the order of their ids. */
  input_ids: string[]
  published_input_ids: string[]
}

/** What readers are to see of a blob. */
export interface Publishable {
  blob_id: string
  version: number
  input_ids: string[]
}

/**
 * What can be published: of each set of connected blobs all or none. All, where each has settled and any is not what readers see; what was never made and is
 * deleted again is left out.
 */
export function publishTogether(nodes: readonly GatedNode[]): Publishable[] {
  return connected(nodes)
    .filter((group) => group.every(hasSettled) && group.some(isNews))
    .flatMap((group) => group.filter(({ version }) => version > 0))
    .map(({ blob_id, version, input_ids }) => ({ blob_id, version, input_ids }))
}

/** Whether nothing is to come of a node before somebody changes something, and nothing went wrong. */
export function hasSettled({ state, doomed }: Pick<GatedNode, 'state' | 'doomed'>): boolean {
  return !doomed && (state === 'settled' || state === 'deleted')
}

function isNews({ version, published_version, input_ids, published_input_ids }: GatedNode): boolean {
  return version !== published_version || input_ids.join() !== published_input_ids.join()
}

/** Sets of nodes that feed each other, in any direction, over any number of steps. */
function connected(nodes: readonly GatedNode[]): GatedNode[][] {
  const byId = new Map(nodes.map((node) => [node.blob_id, node]))
  const neighbours = new Map<string, string[]>(nodes.map(({ blob_id }) => [blob_id, []]))
  for (const { blob_id, input_ids } of nodes)
    for (const input of input_ids) {
      neighbours.get(blob_id)?.push(input)
      neighbours.get(input)?.push(blob_id)
    }
  const groups: GatedNode[][] = []
  const seen = new Set<string>()
  for (const node of nodes) {
    if (seen.has(node.blob_id)) continue
    const group: GatedNode[] = []
    const queue = [node.blob_id]
    seen.add(node.blob_id)
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      const member = byId.get(id)
      if (member) group.push(member)
      for (const neighbour of neighbours.get(id) ?? [])
        if (!seen.has(neighbour)) {
          seen.add(neighbour)
          queue.push(neighbour)
        }
    }
    groups.push(group)
  }
  return groups
}
