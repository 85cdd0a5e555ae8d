import type { GraphEdge } from '@studio/contracts'

/** Level of each node: the longest way to it from a node without inputs among these (Kahn's order). Throws on a cycle: edges are checked when made. */
export function levelsOf(blobIds: readonly string[], edges: readonly GraphEdge[]): Map<string, number> {
  const level = new Map(blobIds.map((id) => [id, 0]))
  const waiting = new Map(blobIds.map((id) => [id, 0]))
  const targets = new Map<string, string[]>()
  for (const { source_id: source, target_id: target } of edges) {
    if (!level.has(source) || !level.has(target)) continue
    waiting.set(target, (waiting.get(target) ?? 0) + 1)
    const list = targets.get(source)
    if (list) list.push(target)
    else targets.set(source, [target])
  }
  const queue = blobIds.filter((id) => waiting.get(id) === 0)
  let visited = 0
  while (visited < queue.length) {
    const source = queue[visited++] as string
    const below = (level.get(source) ?? 0) + 1
    for (const target of targets.get(source) ?? []) {
      level.set(target, Math.max(level.get(target) ?? 0, below))
      const left = (waiting.get(target) ?? 0) - 1
      waiting.set(target, left)
      if (left === 0) queue.push(target)
    }
  }
  if (visited < blobIds.length) throw new Error('the derivation graph has a cycle')
  return level
}
