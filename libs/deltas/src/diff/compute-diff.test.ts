import { sha256 } from '@studio/kernel'
import fc from 'fast-check'
import { computeDiff } from './compute-diff.ts'
import { patchBytes } from '../patch-bytes.ts'
import { defaultPatchLimits } from '../limits.ts'

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value))

describe('computing a diff', () => {
  const long = { text: 'x'.repeat(200), list: [1, 2, 3] }

  it('is a patch that gives exactly the new bytes', () => {
    const patch = computeDiff('application/json', bytesOf(long), bytesOf({ ...long, list: [1, 3] }))
    expect(patch).toEqual({ format: 'json-patch', patch: [{ op: 'remove', path: '/list/1' }] })
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (from, to) => {
        const [base, next] = [bytesOf(from), bytesOf(to)]
        const patch = computeDiff('application/json', base, next)
        if (patch !== null)
          expect(patchBytes(patch.format, base, patch.patch, defaultPatchLimits).hash).toBe(sha256(next))
      }),
    )
  })

  it('gives way to whole content', () => {
    expect(
      computeDiff('application/json', bytesOf(long), Buffer.from(JSON.stringify({ ...long, list: [] }, null, 2))),
    ).toBeNull()
    expect(computeDiff('application/json', bytesOf({ a: 1 }), bytesOf({ b: 2 }))).toBeNull()
    expect(
      computeDiff('application/json', Buffer.from(`{"n":1e400,"text":"${'x'.repeat(200)}"}`), bytesOf(long)),
    ).toBeNull()
    expect(
      computeDiff(
        'application/json',
        Buffer.from('{"a":{}}'),
        Buffer.from(`{"a":{"__proto__":${JSON.stringify(long)}}}`),
      ),
    ).toBeNull()
  })
})

it('finds what changed in a text, by code points', () => {
  const from = Buffer.from(`A cat 🐈 sat on the mat. ${'x'.repeat(100)}`)
  const to = Buffer.from(`A cat 🐈 sat on the roof. ${'x'.repeat(100)}`)
  const diff = computeDiff('text/plain', from, to)
  expect(diff?.format).toBe('text')
  expect(JSON.stringify(diff?.patch).length).toBeLessThan(80)
  expect(patchBytes('text', from, diff?.patch ?? [], defaultPatchLimits).bytes.equals(to)).toBe(true)
})

it('counts bytes, so that a text of long code points that is all new is kept as a whole', () => {
  expect(computeDiff('text/plain', Buffer.from('雨'.repeat(100)), Buffer.from('雪'.repeat(100)))).toBeNull()
})
