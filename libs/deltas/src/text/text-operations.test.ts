import fc from 'fast-check'
import { anyText, operationsOn } from './test-support.ts'
import { applyText } from './apply-text.ts'
import { normaliseTextOperations, parseTextOperations } from './text-operations.ts'

const codeOf = (step: () => unknown): unknown => {
  try {
    return step()
  } catch (error) {
    const { code, extensions } = error as { code: string; extensions: Record<string, unknown> }
    return { code, ...extensions }
  }
}

describe('text operations', () => {
  it('have one normal form', () => {
    expect(
      normaliseTextOperations([
        { retain: 1 },
        { retain: 2 },
        { delete: 1 },
        { insert: 'a' },
        { delete: 2 },
        { insert: 'b' },
        { retain: 4 },
      ]),
    ).toEqual([{ retain: 3 }, { insert: 'ab' }, { delete: 3 }])
    expect(normaliseTextOperations([{ retain: 3 }])).toEqual([])
    expect(parseTextOperations([{ retain: 1 }, { retain: 2 }])).toEqual([{ retain: 1 }, { retain: 2 }])
  })

  it.each<[string, unknown, Record<string, unknown>]>([
    ['no list', { retain: 1 }, {}],
    ['no object', [1], { operation: 0 }],
    ['a list in the list', [[1]], { operation: 0 }],
    ['two members', [{ retain: 1 }, { retain: 1, insert: 'a' }], { operation: 1 }],
    ['an unknown member', [{ keep: 1 }], { operation: 0 }],
    ['nothing retained', [{ retain: 0 }], { operation: 0 }],
    ['half a code point', [{ delete: 0.5 }], { operation: 0 }],
    ['a negative number', [{ delete: -1 }], { operation: 0 }],
    ['an empty text', [{ insert: '' }], { operation: 0 }],
    ['a number as text', [{ insert: 1 }], { operation: 0 }],
    ['half a surrogate pair', [{ insert: '\ud83d' }], { operation: 0 }],
    ['a member of the prototype', JSON.parse('[{"__proto__":{"retain":1}}]'), { operation: 0 }],
  ])('refuses %s', (_name, value, place) =>
    expect(codeOf(() => parseTextOperations(value))).toEqual({ code: 'malformed_patch', ...place }),
  )
})

describe('applying text operations', () => {
  const apply = (text: string, operations: unknown): unknown =>
    codeOf(() => applyText(Buffer.from(text), parseTextOperations(operations)).toString())

  it.each<[string, unknown, string]>([
    ['abc', [], 'abc'],
    ['abc', [{ retain: 1 }, { delete: 1 }], 'ac'],
    ['abc', [{ retain: 3 }, { insert: 'd' }], 'abcd'],
    ['', [{ insert: 'a' }], 'a'],
    ['a😀é\r\nz', [{ retain: 2 }, { insert: '🎉' }, { delete: 1 }], 'a😀🎉\r\nz'],
    ['\ufeffab', [{ retain: 1 }, { insert: 'x' }], '\ufeffxab'],
    ['a\r\nb', [{ retain: 2 }, { delete: 1 }], 'a\rb'],
  ])('%j with %j is %j', (text, operations, result) => expect(apply(text, operations)).toBe(result))

  it('says where an operation reaches beyond the end', () => {
    expect(apply('a😀c', [{ retain: 2 }, { insert: 'x' }, { delete: 2 }])).toEqual({
      code: 'patch_failed',
      operation: 2,
      position: 2,
    })
    expect(apply('abc', [{ retain: 4 }, { insert: 'x' }])).toEqual({ code: 'patch_failed', operation: 0, position: 0 })
  })

  it('keeps its budgets, and to UTF-8', () => {
    const limits = { operations: 3, work: 1, bytes: 5 }
    const run = (base: Buffer, operations: unknown) =>
      codeOf(() => applyText(base, parseTextOperations(operations), limits).toString())
    expect(run(Buffer.from('abcd'), [{ insert: 'x' }])).toBe('xabcd')
    expect(run(Buffer.from('abcd'), [{ insert: 'é' }])).toEqual({ code: 'patch_too_large' })
    expect(run(Buffer.from('abcd'), [{ insert: 'é' }, { delete: 2 }])).toBe('écd')
    const many = [{ insert: 'a' }, { delete: 1 }, { retain: 1 }, { delete: 1 }]
    expect(run(Buffer.from('abcd'), many)).toEqual({ code: 'patch_too_large' })
    expect(run(Buffer.from([0xff]), [])).toEqual({ code: 'patch_not_applicable' })
  })

  it('does what a list of code points would, in any form', () => {
    fc.assert(
      fc.property(
        anyText.chain((text) => fc.tuple(fc.constant(text), operationsOn(text))),
        ([text, steps]) => {
          const points = [...text]
          let at = 0
          let expected = ''
          for (const step of steps) {
            if ('insert' in step) expected += step.insert
            else if ('retain' in step) expected += points.slice(at, (at += step.retain)).join('')
            else at += step.delete
          }
          expected += points.slice(at).join('')
          expect(applyText(Buffer.from(text), steps).toString()).toBe(expected)
          const normal = normaliseTextOperations(steps)
          expect(applyText(Buffer.from(text), normal).toString()).toBe(expected)
          expect(normaliseTextOperations(normal)).toEqual(normal)
        },
      ),
      { numRuns: 200 },
    )
  })
})
