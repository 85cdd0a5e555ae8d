import { DemoError, type Graph, type GraphNode, type Studio } from './studio.ts'

const pauseMs = 20
const patienceMs = 90_000

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Runs by the blob that they were for: what was seen of a graph. */
export type Seen = Map<string, { run: string | null; version: number }>

export function seenIn(graph: Graph): Seen {
  return new Map(graph.nodes.map((node) => [node.blob_id, { run: node.last_run_id, version: node.version }]))
}

/** What is told while a graph is followed. */
export interface Listener {
  /** A node was brought up to date; before, it had this version (0: it is new). */
  done(node: GraphNode, versionBefore: number): void
  /** These providers are at work. */
  waiting(providers: readonly string[]): void
}

/**
 * Follows the graph below a blob until all of it is settled. Throws DemoError when a node has failed for good or nothing moves for too long.
 */
export async function untilSettled(studio: Studio, id: string, before: Seen, listener: Listener): Promise<Graph> {
  const seen = new Map(before)
  let deadline = Date.now() + patienceMs
  for (;;) {
    const graph = await studio.graph(id)
    for (const node of news(graph, seen)) {
      listener.done(node, seen.get(node.blob_id)?.version ?? 0)
      seen.set(node.blob_id, { run: node.last_run_id, version: node.version })
      deadline = Date.now() + patienceMs
    }
    if (graph.settled) {
      const failed = graph.nodes.find((node) => node.state === 'failed')
      if (!failed) return graph
      throw new DemoError(`${nameOf(failed)} failed: ${failed.error?.code ?? ''} ${failed.error?.detail ?? ''}`)
    }
    const open = graph.nodes.filter((node) => node.state === 'dirty' || node.state === 'running')
    listener.waiting(open.map(nameOf))
    if (Date.now() > deadline) {
      const waiting = open.map((node) => `${nameOf(node)} (${node.state})`).join(', ')
      throw new DemoError(
        `Nothing moved for ${patienceMs / 1000} s. Still open: ${waiting || 'the graph has not heard of the text'}`,
      )
    }
    await pause(pauseMs)
  }
}

/** Derived nodes with a run that was not seen yet, in the order of their runs. */
function news(graph: Graph, seen: Seen): GraphNode[] {
  return graph.nodes
    .filter((node) => node.blob_id !== graph.root_id && node.state === 'settled' && node.last_run_id !== null)
    .filter((node) => seen.get(node.blob_id)?.run !== node.last_run_id)
    .sort((one, other) => (one.last_run_at ?? '').localeCompare(other.last_run_at ?? ''))
}

function nameOf(node: GraphNode): string {
  return node.provider_id ?? 'the text'
}
