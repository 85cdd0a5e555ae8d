import { findCycle } from './find-cycle.ts'

const edges = [
  ['a', 'b'],
  ['a', 'c'],
  ['b', 'd'],
  ['c', 'd'],
  ['d', 'e'],
  ['x', 'e'],
].map(([source_id = '', target_id = '']) => ({ source_id, target_id }))

test.each<[string, string[], string[] | null]>([
  ['a', ['e'], ['a', 'b', 'd', 'e']],
  ['a', ['x', 'c'], ['a', 'c']],
  ['d', ['d'], ['d']],
  ['d', ['a', 'b', 'c', 'x'], null],
  ['e', ['a'], null],
])('%s fed by %j', (blobId, feeding, way) => expect(findCycle(blobId, feeding, edges)).toEqual(way))
