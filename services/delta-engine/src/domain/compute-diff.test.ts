import type { Json } from '@studio/contracts'
import { sha256 } from '@studio/kernel'
import fc from 'fast-check'
import { computeDiff } from './compute-diff.ts'
import { materialise, type Replayed } from './materialise.ts'
import { patchBytes } from './patch-bytes.ts'
import { defaultPatchLimits } from './limits.ts'

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value))

describe('computing a diff', () => {
  const long = { text: 'x'.repeat(200), list: [1, 2, 3] }

  it('is a patch that gives exactly the new bytes', () => {
    const patch = computeDiff(bytesOf(long), bytesOf({ ...long, list: [1, 3] }))
    expect(patch).toEqual([{ op: 'remove', path: '/list/1' }])
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (from, to) => {
        const [base, next] = [bytesOf(from), bytesOf(to)]
        const patch = computeDiff(base, next)
        if (patch !== null) expect(patchBytes('json-patch', base, patch, defaultPatchLimits).hash).toBe(sha256(next))
      }),
    )
  })

  it('gives way to whole content', () => {
    expect(computeDiff(bytesOf(long), Buffer.from(JSON.stringify({ ...long, list: [] }, null, 2)))).toBeNull()
    expect(computeDiff(bytesOf({ a: 1 }), bytesOf({ b: 2 }))).toBeNull()
    expect(computeDiff(Buffer.from(`{"n":1e400,"text":"${'x'.repeat(200)}"}`), bytesOf(long))).toBeNull()
    expect(computeDiff(bytesOf('x'.repeat(40_000)), bytesOf(long))).toBeNull()
    expect(computeDiff(Buffer.from('{"a":{}}'), Buffer.from(`{"a":{"__proto__":${JSON.stringify(long)}}}`))).toBeNull()
  })

  it('takes no time for unlike arrays, flat or nested', () => {
    const flat = (from: number) => Array.from({ length: 1_000 }, (_, at) => from + at)
    const nested = (from: number) =>
      Array.from({ length: 40 }, (_, row) => Array.from({ length: 40 }, (_, at) => from + row * 40 + at))
    const started = performance.now()
    expect(computeDiff(bytesOf(flat(0)), bytesOf(flat(5_000)))).toBeNull()
    expect(computeDiff(bytesOf(nested(0)), bytesOf(nested(5_000)))).toBeNull()
    expect(performance.now() - started).toBeLessThan(500)
  })
})

describe('materialising', () => {
  const first = bytesOf({ list: [1] })
  const replay = (format: Replayed['format'], patch: Json | null, content: Buffer, to_version: number): Replayed => ({
    format,
    patch,
    content_hash: sha256(content),
    to_version,
  })
  const deltas = [
    replay('replace', null, first, 1),
    replay('json-patch', [{ op: 'add', path: '/list/-', value: 2 }], bytesOf({ list: [1, 2] }), 2),
    replay('merge-patch', { a: 1 }, bytesOf({ list: [1, 2], a: 1 }), 3),
    replay('none', null, bytesOf({ list: [1, 2], a: 1 }), 4),
    replay('replace', null, first, 5),
  ]
  const contentOf = (hash: string) => (hash === sha256(first) ? first : undefined)

  it.each([
    [1, '{"list":[1]}'],
    [2, '{"list":[1,2]}'],
    [4, '{"list":[1,2],"a":1}'],
    [5, '{"list":[1]}'],
  ])('gives version %d', (version, text) =>
    expect(Buffer.from(materialise(deltas.slice(0, version), contentOf)).toString()).toBe(text),
  )

  it('checks every step', () => {
    const wrong = deltas.map((delta, at) =>
      at === 1 ? { ...delta, patch: [{ op: 'add', path: '/list/-', value: 3 }] } : delta,
    )
    expect(() => materialise(wrong, contentOf)).toThrow(expect.objectContaining({ code: 'internal_error' }))
    expect(() => materialise(deltas.slice(1), contentOf)).toThrow(expect.objectContaining({ code: 'internal_error' }))
    expect(() => materialise(deltas, () => undefined)).toThrow(expect.objectContaining({ code: 'content_not_found' }))
  })
})
