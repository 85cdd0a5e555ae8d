import { noBudget, type Budget, type Spent } from '@studio/contracts'
import { createAllowance } from './allowance.ts'
import type { CascadeRow } from './ports.ts'

const spent = (more: Partial<Spent> = {}): Spent => ({ runs: 0, tokens: 0, cost_microdollars: 0, ...more })
const budget = (more: Partial<Budget>): Budget => ({ ...noBudget, ...more })
const cascade = (id: string, more: Partial<CascadeRow>): CascadeRow => ({
  id, root_id: 'root', caused_by: null, state: 'running', paused_by: null, budget: null, spent: spent(), ...more,
}) // prettier-ignore
const freeDay = { budget: noBudget, spent: spent() }
const node = (cascade_id: string, key: string | null = null) => ({ cascade_id, key })

/** Which of these nodes are admitted, and what that comes to. */
function admitted(allowance: ReturnType<typeof createAllowance>, nodes: readonly ReturnType<typeof node>[]) {
  const verdicts = nodes.map((one) => allowance.admits(one))
  return [verdicts, Object.fromEntries(allowance.begun), Object.fromEntries(allowance.pauses)]
}

test('without budgets all runs begin, and are counted', () => {
  const allowance = createAllowance([], freeDay)
  expect(admitted(allowance, [node('a'), node('b'), node('a')])).toEqual([[true, true, true], { a: 2, b: 1 }, {}])
})

test('a cap on runs lets as many begin as are left, each cascade its own', () => {
  const a = cascade('a', { budget: budget({ runs: 5 }), spent: spent({ runs: 3 }) })
  const nodes = [node('a'), node('b'), node('a'), node('a'), node('b'), node('a')]
  expect(admitted(createAllowance([a], freeDay), nodes)).toEqual([
    [true, true, true, false, true, false],
    { a: 2, b: 2 },
    { a: 'runs' },
  ])
})

test.each([
  ['tokens', { tokens: 10 }, { tokens: 10 }, false],
  ['tokens', { tokens: 10 }, { tokens: 12 }, false],
  ['tokens', { tokens: 10 }, { tokens: 9 }, true],
  ['cost_microdollars', { cost_microdollars: 10 }, { cost_microdollars: 10 }, false],
  ['runs', { runs: 0 }, {}, false],
])('the cap on %s: %j of %j', (cap, caps, taken, admits) => {
  const a = cascade('a', { budget: budget(caps), spent: spent(taken) })
  const allowance = createAllowance([a], freeDay)
  expect(allowance.admits(node('a'))).toBe(admits)
  expect(allowance.pauses.get('a')).toBe(admits ? undefined : cap)
  const day = createAllowance([], { budget: budget(caps), spent: spent(taken) })
  expect(day.admits(node('a'))).toBe(admits)
  expect(day.pauses.get('a')).toBe(admits ? undefined : `daily_${cap}`)
})

test('the runs of a day are shared by all cascades', () => {
  const day = { budget: budget({ runs: 3 }), spent: spent({ runs: 1 }) }
  expect(admitted(createAllowance([], day), [node('a'), node('b'), node('c'), node('a')])).toEqual([
    [true, true, false, false],
    { a: 1, b: 1 },
    { c: 'daily_runs', a: 'daily_runs' },
  ])
})

test('what has begun goes on, and a cascade that is paused stays so', () => {
  const a = cascade('a', { state: 'paused', paused_by: 'runs', budget: budget({ runs: 9 }) })
  expect(admitted(createAllowance([a], freeDay), [node('a', 'key'), node('a')])).toEqual([[true, false], {}, {}])
})
