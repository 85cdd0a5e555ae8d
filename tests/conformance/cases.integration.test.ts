import { publicCases } from './cases/all.ts'
import { hostile } from './cases/hostile.ts'
import { itemTexts, memberTexts } from './cases/json-text.ts'
import { jsonPatchTests } from './cases/json-patch-tests.ts'
import { changedPrototypeProperties } from './prototypes.ts'
import { faultOf } from './run-case.ts'

const named = <Case extends { source: string; name: string }>(cases: readonly Case[]) =>
  cases.map((one) => [`${one.source}: ${one.name}`, one] as const)

test('the suite is there whole', () => {
  expect(jsonPatchTests.filter(({ source }) => source.endsWith(' tests.json'))).toHaveLength(78)
  expect(jsonPatchTests.filter(({ source }) => source.endsWith(' spec_tests.json'))).toHaveLength(17)
})

test('cases are taken as they are written, double members too', () => {
  const [first = '', second] = itemTexts('[ {"a,}": [1, {"b":"\\"]"}], "op": 1, "op" : 2.0 }, [] ]')
  expect(second).toBe('[]')
  expect([...memberTexts(first)]).toEqual([
    ['a,}', '[1, {"b":"\\"]"}]'],
    ['op', '2.0'],
  ])
})

test('a changed prototype is seen', () => {
  Object.defineProperty(Object.prototype, 'polluted', { value: 1, configurable: true })
  expect(changedPrototypeProperties()).toEqual(['Object.prototype.polluted'])
  delete (Object.prototype as Record<string, unknown>)['polluted']
  expect(changedPrototypeProperties()).toEqual([])
})

describe('public cases', () => {
  test.each(named(publicCases))('%s', (_name, one) => expect(faultOf(one)).toBeUndefined())
})

// Hundreds of small ones, made from a few tables: one test for each table, which names the cases that fail.
describe('hostile cases', () => {
  test.each([...new Set(hostile.map(({ source }) => source))])('%s', (source) => {
    const faults = named(hostile.filter((one) => one.source === source)).flatMap(([name, one]) => {
      const fault = faultOf(one)
      return fault === undefined ? [] : [`${name}: ${fault}`]
    })
    expect(faults).toEqual([])
  })
})
