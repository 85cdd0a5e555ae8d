import { doomedBelow } from './doom.ts'

const edge = (source: string, target: string, deleted = false) => ({
  source_id: source,
  target_id: target,
  source_deleted: deleted,
})

test('a chain goes with its source', () => {
  expect(doomedBelow(['a'], [edge('a', 'b'), edge('b', 'c')])).toEqual({ doomed: ['b', 'c'], survivors: [] })
})

test('what another source feeds too survives, and so does all below it', () => {
  const { doomed, survivors } = doomedBelow(['a'], [edge('a', 'b'), edge('b', 'd'), edge('x', 'd'), edge('d', 'e')])
  expect(doomed).toEqual(['b'])
  expect(survivors).toEqual(['d'])
})

test('a diamond below one source goes as a whole', () => {
  const { doomed, survivors } = doomedBelow(['a'], [edge('a', 'b'), edge('a', 'c'), edge('b', 'd'), edge('c', 'd')])
  expect(doomed.sort()).toEqual(['b', 'c', 'd'])
  expect(survivors).toEqual([])
})

test('an input that was deleted before does not keep a node alive', () => {
  expect(doomedBelow(['a'], [edge('a', 'c'), edge('b', 'c', true)]).doomed).toEqual(['c'])
})
