import { Graph } from '@studio/contracts'
import { drawNodes, outlineGraph, type Outline, type Picture } from './draw-graph.ts'

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
  return `${version} ${state} ${JSON.stringify({ blob_id: id(at), version, ...members }).slice(0, -1)}`
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

function outlined(count: number, edges: string[]): Outline {
  const ids = Array.from({ length: count }, (_, at) => id(at + 1))
  const outline = outlineGraph(id(1), { ids: ids.join(), edges: edges.join() })
  if (!outline) throw new Error('nothing was drawn')
  return outline
}

/** These nodes as the store answers them for an outline. */
const linesFor = ({ ids }: Outline, nodes: string[]): string =>
  nodes.map((line) => `${ids.split(',').findIndex((blob) => line.includes(`"blob_id":"${blob}"`))} ${line}`).join('\n')

function graphOf({ begin, end }: Outline, { nodes }: Picture) {
  const text = `{${Buffer.concat([begin, nodes, end]).toString()}}`
  return Graph.omit({ settled: true }).strict().parse(JSON.parse(text))
}

function drawn(nodes: string[], edges: string[]) {
  const outline = outlined(nodes.length, edges)
  const picture = drawNodes(outline, linesFor(outline, nodes))
  return { ...picture, graph: graphOf(outline, picture) }
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
  expect(outlineGraph(id(1), { ids: '', edges: '' })).toBeNull()
})

test.each([[[1]], [[2]], [[4]], [[1, 2]], [[2, 4]], [[1, 3, 4]], [[1, 2, 3, 4]], [[]]])(
  'what has changed (%j) is drawn anew, the rest as it was',
  (changed) => {
    const outline = outlined(4, [edge(1, 3), edge(3, 2), edge(1, 4), edge(2, 4, 1)])
    const nodes = [source, derived(2, 'dirty'), derived(3, 'settled'), derived(4, 'running')]
    const before = drawNodes(outline, linesFor(outline, nodes))
    const error = { ...problem, detail: 'längere Ursache: ✂' }
    const now = nodes.map((line, at) =>
      changed.includes(at + 1) ? lineOf({ at: at + 1, version: 12, state: 'failed', more: { error } }) : line,
    )
    const news = now.filter((line, at) => line !== nodes[at])
    const after = drawNodes(outline, linesFor(outline, news), before)
    expect(after).toEqual(drawNodes(outline, linesFor(outline, now)))
    expect(graphOf(outline, after).nodes.map(({ version }) => version).filter((version) => version === 12)).toHaveLength(changed.length) // prettier-ignore
    expect([after.isSettled, after.rootVersion]).toEqual([changed.includes(2) && changed.includes(4), changed.includes(1) ? 12 : 3]) // prettier-ignore
  },
)
