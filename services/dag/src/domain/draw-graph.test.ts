import { Graph } from '@studio/contracts'
import { drawGraph } from './draw-graph.ts'

const id = (number: number): string => `00000000-0000-4000-8000-00000000000${number}`
const hash = 'a'.repeat(64)
const problem = {
  type: 'about:blank',
  title: 'It failed',
  status: 500,
  code: 'provider_failed',
  detail: 'a "quote"\n\tand more',
}

interface Row {
  at: number
  version: number
  state: string
  more?: object
}

/** As the store writes them. */
const lineOf = ({ at, version, state, more }: Row): string => {
  const members = {
    content_hash: hash, content_type: 'text/plain', provider_id: 'stamp', provider_version: '1.0.0', state, last_run_id: id(9),
    last_run_at: '2023-11-14T22:13:20.123Z', error: null, ...more,
  } // prettier-ignore
  return `${id(at)} ${version} ${state} ${JSON.stringify({ blob_id: id(at), version, ...members }).slice(0, -1)}`
}
const source = lineOf({
  at: 1,
  version: 3,
  state: 'settled',
  more: {
    content_type: 'text/plain; a="b"',
    provider_id: null,
    provider_version: null,
    last_run_id: null,
    last_run_at: null,
  },
})
const derived = (at: number, state: string, error: object | null = null): string =>
  lineOf({ at, version: 1, state, more: { error } })
const edge = (from: number, to: number, ordinal = 0): string =>
  JSON.stringify({ source_id: id(from), target_id: id(to), ordinal, input: 'input' })

function drawn(nodes: string[], edges: string[]) {
  const picture = drawGraph(id(1), { nodes: nodes.join('\n'), edges: edges.join() })
  if (!picture) throw new Error('nothing was drawn')
  const { members, ...rest } = picture
  return {
    ...rest,
    graph: Graph.omit({ settled: true })
      .strict()
      .parse(JSON.parse(`{${members}}`)),
  }
}

test('is the graph by levels, and says what its root and its state are', () => {
  const { graph, isSettled, rootVersion } = drawn(
    [source, derived(2, 'settled'), derived(3, 'failed', problem), derived(4, 'settled')],
    [edge(1, 3), edge(3, 2), edge(1, 4), edge(2, 4, 1)],
  )
  expect([isSettled, rootVersion]).toEqual([true, 3])
  expect(graph.root_id).toBe(id(1))
  expect(graph.levels).toEqual([[id(1)], [id(3)], [id(2)], [id(4)]])
  expect(graph.nodes.map(({ blob_id, level }) => [blob_id, level])).toEqual([[id(1), 0], [id(3), 1], [id(2), 2], [id(4), 3]]) // prettier-ignore
  expect(graph.nodes[0]).toMatchObject({ version: 3, content_type: 'text/plain; a="b"', provider_id: null, last_run_at: null, error: null }) // prettier-ignore
  expect(graph.nodes[1]).toMatchObject({ last_run_at: '2023-11-14T22:13:20.123Z', last_run_id: id(9), error: problem })
  expect(graph.edges).toContainEqual({ source_id: id(2), target_id: id(4), input: 'input', ordinal: 1 })
})

test.each(['dirty', 'running'])('a graph with a %s node is not settled', (state) => {
  const { graph, isSettled } = drawn([source, derived(2, state)], [edge(1, 2)])
  expect(isSettled).toBe(false)
  expect(graph.nodes[1]).toMatchObject({ state, level: 1 })
})

test('a blob alone has no edges; one that is not there is not drawn', () => {
  expect(drawn([source], []).graph).toMatchObject({ edges: [], levels: [[id(1)]] })
  expect(drawGraph(id(1), { nodes: '', edges: '' })).toBeNull()
})
