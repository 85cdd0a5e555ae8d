import type { Reading } from './reads.ts'
import type { Snapshot } from './snapshot.ts'

/** A blob as dag knows it. `provider_id` null: a source. */
export interface GraphNode {
  blob_id: string
  provider_id: string | null
  config: unknown
  state: string
  version: number
  content_hash: string | null
  content_type: string | null
  /** What its newest key is made of, where its provider reads a part of its inputs only. */
  readings: Reading[] | null
}

export interface InputEdge {
  input: string
  source_id: string
}

/** One tenant's derivations as they are now. */
export interface Graph {
  readonly nodes: ReadonlyMap<string, GraphNode>
  /** What feeds a derived blob, by the name of the input and in order. */
  inputsOf(blobId: string): readonly InputEdge[]
  /** Derived blobs, each after all that feed it; `cyclic` are those that have no such place. */
  inOrder(): { ordered: GraphNode[]; cyclic: GraphNode[] }
}

export async function readGraph(snapshot: Snapshot, tenantId: string): Promise<Graph> {
  const nodes = new Map<string, GraphNode>()
  const rows = snapshot.stream<GraphNode>(
    `select blob_id, provider_id, config, state, version, content_hash, content_type, readings from dag.node where tenant_id = $1`,
    [tenantId],
    1000,
  )
  for await (const node of rows) nodes.set(node.blob_id, node)
  const inputs = new Map<string, InputEdge[]>()
  const edges = snapshot.stream<InputEdge & { target_id: string }>(
    `select edge.target_id, edge.input, edge.source_id from dag.edge join dag.node on node.blob_id = edge.target_id
     where node.tenant_id = $1 and edge.valid_to is null order by edge.target_id, edge.input, edge.ordinal`,
    [tenantId],
    1000,
  )
  for await (const { target_id, ...edge } of edges) append(inputs, target_id, edge)
  const inputsOf = (blobId: string): readonly InputEdge[] => inputs.get(blobId) ?? []
  return { nodes, inputsOf, inOrder: () => sort([...nodes.values()], inputsOf) }
}

/** Kahn's algorithm. */
function sort(nodes: readonly GraphNode[], inputsOf: Graph['inputsOf']): ReturnType<Graph['inOrder']> {
  const derived = new Map(nodes.filter(({ provider_id }) => provider_id !== null).map((node) => [node.blob_id, node]))
  const waiting = new Map<string, number>()
  const fedBy = new Map<string, string[]>()
  for (const id of derived.keys()) {
    const sources = inputsOf(id).filter(({ source_id }) => derived.has(source_id))
    waiting.set(id, sources.length)
    for (const { source_id } of sources) append(fedBy, source_id, id)
  }
  const ordered = [...derived.values()].filter(({ blob_id }) => waiting.get(blob_id) === 0)
  for (const { blob_id } of ordered) {
    for (const target of fedBy.get(blob_id) ?? []) {
      const left = (waiting.get(target) ?? 0) - 1
      waiting.set(target, left)
      const node = derived.get(target)
      if (left === 0 && node) ordered.push(node)
    }
  }
  const placed = new Set(ordered)
  return { ordered, cyclic: [...derived.values()].filter((node) => !placed.has(node)) }
}

function append<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key)
  if (list) list.push(item)
  else lists.set(key, [item])
}
