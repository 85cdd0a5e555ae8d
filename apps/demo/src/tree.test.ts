import type { Graph, GraphNode } from './studio.ts'
import { drawTree } from './tree.ts'

const node = (blob_id: string): GraphNode => ({
  blob_id,
  version: 1,
  provider_id: null,
  provider_version: null,
  state: 'settled',
  last_run_id: null,
  last_run_at: null,
  error: null,
})

test('draws a node once, under its first input', () => {
  const edges = ['ab', 'bc', 'bd', 'cd'].map(([source_id, target_id]) => ({
    source_id: source_id!,
    target_id: target_id!,
  }))
  const graph: Graph = { root_id: 'a', nodes: ['a', 'b', 'c', 'd'].map(node), edges, settled: true }
  expect(drawTree(graph, ({ blob_id }) => ({ name: blob_id, details: [`of ${blob_id}`] }))).toEqual([
    'a',
    '│ of a',
    '└─ b',
    '   │ of b',
    '   ├─ c',
    '   │  │ of c',
    '   │  └─ d',
    '   │       of d',
  ])
})
