import type { GraphEdge } from '@studio/contracts'

/** Level of each node: the longest way to it from a node without inputs among these. Throws on a cycle: edges are checked when made. */
export function levelsOf(blobIds: readonly string[], edges: readonly GraphEdge[]): Map<string, number> {
  const places = new Map(blobIds.map((id, place) => [id, place]))
  const levels = levelsOfEdges(
    blobIds.length,
    edges.map(({ source_id }) => places.get(source_id) ?? -1),
    edges.map(({ target_id }) => places.get(target_id) ?? -1),
  )
  return new Map(blobIds.map((id, place) => [id, levels[place] ?? 0]))
}

/**
 * The same of nodes that are numbered from 0 on, in Kahn's order: the n-th edge goes from the n-th source to the n-th target; one that begins or ends outside (-1)
 * does not count.
 */
export function levelsOfEdges(nodes: number, sources: readonly number[], targets: readonly number[]): Int32Array {
  const level = new Int32Array(nodes)
  const waiting = new Int32Array(nodes)
  // The edges of a node are a linked list: `first` of the node, then `next` of each edge.
  const first = new Int32Array(nodes).fill(-1)
  const next = new Int32Array(sources.length)
  for (const [edge, source] of sources.entries()) {
    const target = targets[edge] ?? -1
    if (source < 0 || target < 0) continue
    waiting[target] = (waiting[target] ?? 0) + 1
    next[edge] = first[source] ?? -1
    first[source] = edge
  }
  const queue = Int32Array.from({ length: nodes }, (_, node) => node).filter((node) => waiting[node] === 0)
  const order = new Int32Array(nodes)
  order.set(queue)
  let known = queue.length
  for (let visited = 0; visited < known; visited += 1) {
    const source = order[visited] as number
    const below = (level[source] ?? 0) + 1
    for (let edge = first[source] ?? -1; edge >= 0; edge = next[edge] ?? -1) {
      const target = targets[edge] as number
      level[target] = Math.max(level[target] ?? 0, below)
      const left = (waiting[target] ?? 0) - 1
      waiting[target] = left
      if (left === 0) order[known++] = target
    }
  }
  if (known < nodes) throw new Error('the derivation graph has a cycle')
  return level
}
