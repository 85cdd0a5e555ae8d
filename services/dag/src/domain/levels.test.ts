import { levelsOf } from './levels.ts'

const edge = (source_id: string, target_id: string) => ({ source_id, target_id, input: 'input', ordinal: 0 })

test('a node lies one level below the deepest of its inputs', () => {
  const levels = levelsOf(['a', 'b', 'c', 'd'], [edge('a', 'b'), edge('b', 'c'), edge('a', 'd'), edge('c', 'd')])
  expect(Object.fromEntries(levels)).toEqual({ a: 0, b: 1, c: 2, d: 3 })
})

test('edges from outside do not count', () => {
  expect(Object.fromEntries(levelsOf(['b'], [edge('a', 'b')]))).toEqual({ b: 0 })
})

test('a cycle is a defect and says so', () => {
  expect(() => levelsOf(['a', 'b'], [edge('a', 'b'), edge('b', 'a')])).toThrow('cycle')
})
