import type { Graph, GraphNode } from './studio.ts'

/** Lines of one node: what it is called, and what stands below that. */
export type Describe = (node: GraphNode) => { name: string; details: readonly string[] }

/** The graph as a tree from its root, a line each. A node that has several inputs stands under the first of them. */
export function drawTree(graph: Graph, describe: Describe): string[] {
  const nodes = new Map(graph.nodes.map((node) => [node.blob_id, node]))
  const drawn = new Set<string>()

  const draw = (id: string, first: string, rest: string): string[] => {
    const node = nodes.get(id)
    if (!node || drawn.has(id)) return []
    drawn.add(id)
    const children = [
      ...new Set(graph.edges.filter((edge) => edge.source_id === id).map((edge) => edge.target_id)),
    ].filter((child) => !drawn.has(child))
    const { name, details } = describe(node)
    const below = `${rest}${children.length > 0 ? '│ ' : '  '}`
    return [
      `${first}${name}`,
      ...details.map((detail) => `${below}${detail}`),
      ...children.flatMap((child, index) => {
        const last = index === children.length - 1
        return draw(child, `${rest}${last ? '└─ ' : '├─ '}`, `${rest}${last ? '   ' : '│  '}`)
      }),
    ]
  }
  return draw(graph.root_id, '', '')
}
