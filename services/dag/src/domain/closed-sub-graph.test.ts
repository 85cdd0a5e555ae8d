import { createClosedSubGraph, type WaitingNode } from './closed-sub-graph.ts'

const waits = (blob_id: string, ...waits_for: string[]): WaitingNode => ({ blob_id, root_id: 'root', waits_for })
const ids = (nodes: readonly WaitingNode[]) => nodes.map(({ blob_id }) => blob_id)

it('takes along a chain, in order', () => {
  const graph = createClosedSubGraph([waits('c', 'b'), waits('b', 'a'), waits('z', 'y')])
  expect(ids(graph.add('a', 10))).toEqual(['b', 'c'])
})

it('takes along what two feed when it has both', () => {
  const graph = createClosedSubGraph([waits('left', 'a'), waits('right', 'a', 'b'), waits('end', 'left', 'right')])
  expect(ids(graph.add('a', 10))).toEqual(['left'])
  expect(ids(graph.add('b', 10))).toEqual(['right', 'end'])
})

it('leaves what waits for something else, and all below it', () => {
  const graph = createClosedSubGraph([waits('b', 'a', 'elsewhere'), waits('c', 'b')])
  expect(graph.add('a', 10)).toEqual([])
})

it('takes a blob that feeds one input twice for two', () => {
  expect(ids(createClosedSubGraph([waits('b', 'a', 'a')]).add('a', 10))).toEqual(['b'])
})

it('takes no more than there is room for, and of those nothing whose input it has left', () => {
  const graph = createClosedSubGraph([waits('b', 'a'), waits('c', 'b'), waits('d', 'c')])
  expect(ids(graph.add('a', 2))).toEqual(['b', 'c'])
})
