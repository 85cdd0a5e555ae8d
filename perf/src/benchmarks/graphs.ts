import { Pool } from 'undici'
import type { Figure } from '../figure.ts'
import { median } from '../load.ts'
import type { Stack } from '../stack.ts'
import { fillGraph, type WideGraph } from '../wide-graph.ts'

/**
 * The graph below a text and the explanation of one blob in it, over REST and asked of dag itself: of 1,000 and of 100,000 blobs. First: nothing
 * of it is kept. Fresh: ten of its blobs have settled since it was last read. Again: nothing has changed.
 */
export async function graphs(stack: Stack): Promise<Figure[]> {
  return [
    ...(await measure(stack, '1,000 nodes', { levels: 10, width: 100 }, 30)),
    ...(await measure(stack, '100,000 nodes', { levels: 100, width: 1000 }, 5)),
  ]
}

interface Aims {
  inService?: string
  answer?: string
}
const aims: Record<string, Aims> = { '1,000 nodes': { inService: '< 5' }, '100,000 nodes': { answer: '< 1,000' } }

async function measure(
  stack: Stack,
  size: string,
  shape: { levels: number; width: number },
  times: number,
): Promise<Figure[]> {
  const graph = await fillGraph(stack, shape)
  const asker = openAsker(stack, graph)
  const time = (prepare: () => Promise<void>, ask: () => Promise<string>): Promise<number> =>
    medianOf(times, prepare, ask)
  const rest = async (): Promise<void> => {}
  const explainLeaf = () => asker.rest(`/blobs/${graph.leafId}/explain`)
  const graphOfRoot = () => asker.rest(`/blobs/${graph.rootId}/dag`)
  const graphInService = () => asker.dag(`/internal/graphs/${graph.rootId}`)
  try {
    const nodes = (JSON.parse(await graphOfRoot()) as { data: { nodes: unknown[] } }).data.nodes.length
    if (nodes !== shape.levels * shape.width + 1) throw new Error(`the graph has ${nodes} nodes`)
    const figure = (name: string, value: number, aim?: string): Figure => ({
      name: `${size}: ${name}`,
      value,
      unit: 'ms',
      ...(aim && { aim }),
      better: 'lower',
    })
    const figures = [
      figure('graph in dag, first', await time(graph.changeEdges, graphInService), aims[size]?.inService),
      figure('graph in dag, fresh', await time(graph.settleTen, graphInService), aims[size]?.inService),
      figure('graph in dag, again', await time(rest, graphInService), aims[size]?.inService),
      figure('graph, first', await time(graph.changeEdges, graphOfRoot), aims[size]?.answer),
      figure('graph, fresh', await time(graph.settleTen, graphOfRoot), aims[size]?.answer),
      figure('graph, again', await time(rest, graphOfRoot), aims[size]?.answer),
      figure('explain', await medianOf(30, rest, explainLeaf), '< 20'),
    ]
    await graph.fail()
    return [...figures, figure('explain, all above blocked', await medianOf(30, rest, explainLeaf), '< 20')]
  } finally {
    await asker.close()
    await graph.close()
  }
}

interface Asker {
  rest(path: string): Promise<string>
  dag(path: string): Promise<string>
  close(): Promise<void>
}

function openAsker(stack: Stack, { tenant }: WideGraph): Asker {
  const [gateway, dag] = [new Pool(stack.url, { connections: 1 }), new Pool(stack.services.dag, { connections: 1 })]
  const textOf = async (asked: ReturnType<Pool['request']>): Promise<string> => {
    const { statusCode, body } = await asked
    const text = await body.text()
    if (statusCode >= 400) throw new Error(`${statusCode} ${text}`)
    return text
  }
  return {
    rest: (path) =>
      textOf(
        gateway.request({
          method: 'GET',
          path: `/api/v1/studio${path}`,
          headers: { authorization: `Bearer ${stack.tokenFor(tenant)}` },
        }),
      ),
    dag: (path) =>
      textOf(
        dag.request({
          method: 'GET',
          path,
          headers: { authorization: `Bearer ${stack.internalToken}`, 'studio-tenant': tenant },
        }),
      ),
    close: async () => {
      await gateway.close()
      await dag.close()
    },
  }
}

/** Milliseconds from the request until the whole answer is here. Two rounds before it warm up. */
async function medianOf(times: number, prepare: () => Promise<void>, ask: () => Promise<string>): Promise<number> {
  const taken: number[] = []
  for (let time = -2; time < times; time += 1) {
    await prepare()
    const begin = performance.now()
    await ask()
    if (time >= 0) taken.push(performance.now() - begin)
  }
  return median(taken)
}
