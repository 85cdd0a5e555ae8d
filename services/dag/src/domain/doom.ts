import type { InputEdge, NodeRow } from './ports.ts'

/** Whether a node has gone, or is going, with what fed it. */
export function isGone(node: Pick<NodeRow, 'state' | 'doomed'> | undefined): boolean {
  return node !== undefined && (node.state === 'deleted' || node.doomed)
}

/**
 * What goes with deleted blobs: every node below them that nothing else feeds. `survivors` have lost an input and keep others,
 * so they are derived again from those.
 */
export function doomedBelow(
  deleted: readonly string[],
  edges: readonly InputEdge[],
): { doomed: string[]; survivors: string[] } {
  const gone = new Set(deleted)
  const feeders = new Map<string, Set<string>>()
  const targets = new Map<string, string[]>()
  for (const edge of edges) {
    if (edge.source_deleted) gone.add(edge.source_id)
    feeders.set(edge.target_id, (feeders.get(edge.target_id) ?? new Set()).add(edge.source_id))
    targets.set(edge.source_id, [...(targets.get(edge.source_id) ?? []), edge.target_id])
  }
  const doomed = new Set<string>()
  const touched = new Set<string>()
  const queue = [...gone]
  for (let source = queue.pop(); source !== undefined; source = queue.pop()) {
    for (const target of targets.get(source) ?? []) {
      touched.add(target)
      const left = feeders.get(target)
      left?.delete(source)
      if (left?.size === 0 && !doomed.has(target)) {
        doomed.add(target)
        queue.push(target)
      }
    }
  }
  return { doomed: [...doomed], survivors: [...touched].filter((target) => !doomed.has(target)) }
}
