import { publishTogether, type GatedNode } from './publish-together.ts'

const node = (blob_id: string, input_ids: string[] = [], more: Partial<GatedNode> = {}): GatedNode => ({
  blob_id,
  version: 2,
  state: 'settled',
  doomed: false,
  published_version: 1,
  input_ids,
  published_input_ids: input_ids,
  ...more,
})
const ids = (nodes: GatedNode[]) =>
  publishTogether(nodes)
    .map(({ blob_id }) => blob_id)
    .sort()

test('what is connected is published when all of it has settled', () => {
  expect(ids([node('a'), node('x', ['a']), node('b'), node('y', ['b', 'x'])])).toEqual(['a', 'b', 'x', 'y'])
})

test.each([
  ['dirty', {}],
  ['running', {}],
  ['failed', {}],
  ['blocked', {}],
  ['cancelled', {}],
  ['settled', { doomed: true }],
] as const)('nothing of it while one is %s %j', (state, more) => {
  expect(ids([node('a'), node('x', ['a']), node('y', ['x'], { state, ...more }), node('b', ['y'])])).toEqual([])
})

test('sets that do not touch are published each on its own', () => {
  expect(ids([node('a'), node('x', ['a'], { state: 'running' }), node('b'), node('y', ['b'])])).toEqual(['b', 'y'])
})

test('what readers see already is left as it is, unless anything beside it has changed', () => {
  const seen = { published_version: 2 }
  expect(ids([node('a', [], seen), node('x', ['a'], seen)])).toEqual([])
  expect(ids([node('a'), node('x', ['a'], seen)])).toEqual(['a', 'x'])
  expect(ids([node('a', [], seen), node('x', ['a'], { ...seen, published_input_ids: [] })])).toEqual(['a', 'x'])
})

test('a tombstone is published, and what was never made is not', () => {
  const gone = { state: 'deleted' } as const
  expect(
    ids([node('a', [], gone), node('x', ['a'], gone), node('y', ['a'], { ...gone, version: 0, published_version: 0 })]),
  ).toEqual(['a', 'x'])
})
