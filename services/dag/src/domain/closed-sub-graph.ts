/** A dirty node, and the unsettled blobs that it waits for. */
export interface WaitingNode {
  readonly blob_id: string
  readonly root_id: string
  readonly waits_for: readonly string[]
}

/** A set of nodes that grows by all those below that wait for nothing outside of it. */
export interface ClosedSubGraph {
  /** Adds a node; answers which others come with it, each after what it waits for, at most `room` of them. */
  add(blobId: string, room: number): WaitingNode[]
}

export function createClosedSubGraph(below: readonly WaitingNode[]): ClosedSubGraph {
  const left = new Map(below.map((node) => [node, node.waits_for.length]))
  const waiting = new Map<string, WaitingNode[]>()
  for (const node of below)
    for (const source of node.waits_for) {
      const list = waiting.get(source)
      if (list) list.push(node)
      else waiting.set(source, [node])
    }
  return {
    add(blobId, room) {
      const added: WaitingNode[] = []
      // Depth first: what there is no room for is then the ends of some chains and not of all.
      const stack = [blobId]
      for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
        for (const node of waiting.get(id) ?? []) {
          const open = (left.get(node) ?? 0) - 1
          left.set(node, open)
          if (open > 0 || added.length === room) continue
          added.push(node)
          stack.push(node.blob_id)
        }
      }
      return added
    },
  }
}
