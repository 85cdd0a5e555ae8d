import { DemoError, type Graph, type GraphNode, type Studio } from './studio.ts'

const pauseMs = 20
const patienceMs = 90_000

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Runs by the blob that they were for: what was seen of a graph. */
export type Seen = Map<string, { run: string | null; version: number }>

export function seenIn(graph: Graph): Seen {
  return new Map(graph.nodes.map((node) => [node.blob_id, { run: node.last_run_id, version: node.version }]))
}

/**
 * Follows the graph below a blob until all of it is settled, and tells of every node that was brought up to date on the way: once a run, with
 * the version that it had before (0 when it is new). Throws DemoError when a node fails or nothing moves for too long.
 */
export async function untilSettled(studio: Studio, id: string, before: Seen, tell: (node: GraphNode, versionBefore: number) => void): Promise<Graph> {
  const seen = new Map(before)
  let deadline = Date.now() + patienceMs
  for (;;) {
    const graph = await studio.graph(id)
    for (const node of graph.nodes) {
      if (node.blob_id === id || node.state !== 'settled' || node.last_run_id === null) continue
      const known = seen.get(node.blob_id)
      if (known?.run === node.last_run_id) continue
      tell(node, known?.version ?? 0)
      seen.set(node.blob_id, { run: node.last_run_id, version: node.version })
      deadline = Date.now() + patienceMs
    }
    if (graph.settled) return graph
    const failed = graph.nodes.find((node) => node.state === 'failed')
    if (failed && !graph.nodes.some((node) => node.state === 'dirty' || node.state === 'running')) {
      throw new DemoError(`${failed.provider_id} failed: ${failed.error?.code ?? 'unknown'} ${failed.error?.detail ?? ''}`)
    }
    if (Date.now() > deadline) {
      const waiting = graph.nodes.filter((node) => node.state !== 'settled').map((node) => `${node.provider_id ?? 'the text'} (${node.state})`)
      throw new DemoError(`Nothing moved for ${patienceMs / 1000} s; not settled: ${waiting.join(', ') || 'the text itself is not known to the graph yet'}`)
    }
    await pause(pauseMs)
  }
}
