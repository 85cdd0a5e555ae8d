import type { Json } from '@studio/contracts'
import fc from 'fast-check'
import { applyMergePatch } from './apply-merge-patch.ts'
import { defaultPatchLimits } from '../limits.ts'

describe('JSON Merge Patch', () => {
  // RFC 7396 appendix A.
  it.each<[Json, Json, Json]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (document, patch, result) => expect(applyMergePatch(document, patch)).toEqual(result))

  it('takes __proto__ as an own member', () => {
    const patch = JSON.parse('{"__proto__":{"admin":true},"a":null}') as Json
    expect(JSON.stringify(applyMergePatch({ a: 1, b: 2 }, patch))).toBe('{"b":2,"__proto__":{"admin":true}}')
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
  })

  it('refuses patches that are too deep or too large', () => {
    const deep = JSON.parse('{"a":'.repeat(65) + '1' + '}'.repeat(65)) as Json
    expect(() => applyMergePatch({}, deep)).toThrow(expect.objectContaining({ code: 'patch_too_large' }))
    expect(() => applyMergePatch({}, { a: 'x'.repeat(200) }, { ...defaultPatchLimits, bytes: 100 })).toThrow(
      expect.objectContaining({ code: 'patch_too_large' }),
    )
  })

  it('is idempotent and leaves its inputs as they are', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (document, patch) => {
        const before = JSON.stringify([document, patch])
        const once = applyMergePatch(document as Json, patch as Json)
        expect(applyMergePatch(once, patch as Json)).toEqual(once)
        expect(JSON.stringify([document, patch])).toBe(before)
      }),
    )
  })
})
