import fc from 'fast-check'
import { diffTokens, newEffort, type Change } from './diff-tokens.ts'

const apply = (one: readonly string[], other: readonly string[], changes: readonly Change[]): string[] => {
  const result: string[] = []
  let at = 0
  for (const { from, to, otherFrom, otherTo } of changes) {
    result.push(...one.slice(at, from), ...other.slice(otherFrom, otherTo))
    at = to
  }
  return [...result, ...one.slice(at)]
}

describe('changes between lists of tokens', () => {
  const token = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')
  const tokens = fc.array(token, { maxLength: 30 })
  const efforts = fc.record({ tokens: fc.nat(60), steps: fc.nat(40) })

  it('lead from one to the other with any effort, in order and apart', () => {
    fc.assert(
      fc.property(tokens, tokens, efforts, (one, other, effort) => {
        for (const each of [effort, newEffort()]) {
          const changes = diffTokens(one, other, each)
          expect(apply(one, other, changes)).toEqual(other)
          changes.forEach(({ from, to, otherFrom, otherTo }, index) => {
            expect(to - from + otherTo - otherFrom).toBeGreaterThan(0)
            expect(from).toBeGreaterThanOrEqual((changes[index - 1]?.to ?? -1) + 1)
          })
        }
      }),
      { numRuns: 300 },
    )
  })

  it('are between the tokens that both have once, where there are too many for the fewest', () => {
    const one = Array.from({ length: 5_000 }, (_, at) => `token ${at}`)
    const other = one.map((each, at) => (at % 5 === 2 ? 'other' : each))
    expect(diffTokens(one, other, newEffort())).toHaveLength(1_000)
    const moved = [...one.slice(2_500), ...one.slice(0, 2_500)]
    expect(apply(one, moved, diffTokens(one, moved, newEffort()))).toEqual(moved)
    expect(diffTokens(one, moved, newEffort())).toHaveLength(2)
  })

  it('are one where nothing is in common', () => {
    const one = Array.from({ length: 1_000 }, (_, at) => `one ${at}`)
    const other = Array.from({ length: 900 }, (_, at) => `other ${at}`)
    expect(diffTokens(['a', ...one, 'z'], ['a', ...other, 'z'], newEffort())).toEqual([
      { from: 1, to: 1_001, otherFrom: 1, otherTo: 901 },
    ])
  })
})
