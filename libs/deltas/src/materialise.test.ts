import type { Json } from '@studio/contracts'
import { sha256 } from '@studio/kernel'
import { materialise, type Replayed } from './materialise.ts'

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value))

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
