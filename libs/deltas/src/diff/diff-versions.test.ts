import type { DiffFormat, Json } from '@studio/contracts'
import fc from 'fast-check'
import { applyJsonPatch } from '../json/apply-json-patch.ts'
import { applyMergePatch } from '../json/apply-merge-patch.ts'
import { patchBytes } from '../patch-bytes.ts'
import { defaultPatchLimits } from '../limits.ts'
import { textOperationsOf } from '../text/text-operations-of.ts'
import { diffJson } from './diff-json.ts'
import { diffVersions } from './diff-versions.ts'

const bytesOf = (value: Json) => Buffer.from(JSON.stringify(value))
const parse = (text: string) => JSON.parse(text) as Json
const json = 'application/json'

function diff(format: DiffFormat | null, contentType: string, from: Buffer, to: Buffer): unknown {
  try {
    return diffVersions(format, contentType, from, to)
  } catch (error) {
    const { code, extensions } = error as { code: string; extensions: Record<string, unknown> }
    return { code, ...extensions }
  }
}

const name = fc.constantFrom('a', 'b', 'x/y', 'm~n', '', '0', '__proto__', 'constructor')
const { value: anyJson } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(fc.constant(null), fc.boolean(), fc.integer({ max: 5, min: 0 }), fc.string({ maxLength: 3 })),
    fc.array(tie('value'), { maxLength: 6 }),
    // Of entries by JSON text, so that `__proto__` is a member like any other.
    fc
      .uniqueArray(fc.tuple(name, tie('value')), { maxLength: 5, selector: ([key]) => key })
      .map((entries) =>
        parse(`{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`),
      ),
  ),
}))

describe('the JSON Patch between two values', () => {
  it.each<[string, Json, Json, Json]>([
    ['nothing', { a: 1, b: [1] }, { b: [1], a: 1 }, []],
    ['a member', { a: 1, b: { c: 1 } }, { a: 1, b: { c: 2 } }, [{ op: 'replace', path: '/b/c', value: 2 }]],
    ['a member more', { a: 1 }, { a: 1, 'x/~': null }, [{ op: 'add', path: '/x~1~0', value: null }]],
    ['a member less', { a: 1, b: 2 }, { b: 2 }, [{ op: 'remove', path: '/a' }]],
    ['the whole', [1], { a: 1 }, [{ op: 'replace', path: '', value: { a: 1 } }]],
    ['a kind', { a: [1] }, { a: { b: 1 } }, [{ op: 'replace', path: '/a', value: { b: 1 } }]],
    ['an item less', [1, 2, 3, 4], [1, 3, 4], [{ op: 'remove', path: '/1' }]],
    ['an item more', [1, 2, 3], [1, 2, 9, 3], [{ op: 'add', path: '/2', value: 9 }]],
    [
      'inside an item',
      [
        { id: 1, text: 'one' },
        { id: 2, text: 'two' },
      ],
      [
        { id: 1, text: 'one' },
        { id: 2, text: 'zwei' },
      ],
      [{ op: 'replace', path: '/1/text', value: 'zwei' }],
    ],
    ['items that are all others', { a: [1, 2, 3] }, { a: [4, 5] }, [{ op: 'replace', path: '/a', value: [4, 5] }]],
  ])('says %s', (_name, from, to, patch) =>
    expect(diff(null, json, bytesOf(from), bytesOf(to))).toEqual({ format: 'json-patch', diff: patch }),
  )

  it('leads from one to the other', () => {
    fc.assert(
      fc.property(anyJson, anyJson, (from, to) => {
        const { diff: patch } = diffVersions('json-patch', json, bytesOf(from), bytesOf(to))
        expect(applyJsonPatch(parse(JSON.stringify(from)), patch as unknown[])).toEqual(to)
      }),
      { numRuns: 300 },
    )
  })

  it('takes what differs too much as a whole', () => {
    const flat = (from: number) => Array.from({ length: 60_000 }, (_, at) => from + at * 7)
    const { diff: patch } = diffVersions('json-patch', json, bytesOf(flat(0)), bytesOf(flat(3)))
    expect(patch).toMatchObject([{ op: 'replace', path: '' }])
  })
})

describe('the merge patch between two values', () => {
  it.each<[Json, Json, Json]>([
    [
      { a: 1, b: 2 },
      { a: 1, c: 3 },
      { b: null, c: 3 },
    ],
    [{ a: { b: 1, c: 1 } }, { a: { b: 2, c: 1 } }, { a: { b: 2 } }],
    [{ a: 1 }, { a: {} }, { a: {} }],
    [{ a: {} }, { a: {} }, {}],
    [{ a: [1, null] }, { a: [null] }, { a: [null] }],
    [{ a: null }, { a: null, b: 1 }, { b: 1 }],
    [[1], { a: 1 }, { a: 1 }],
    [{ a: 1 }, null, null],
  ])('from %j to %j is %j', (from, to, patch) => {
    expect(diff('merge-patch', json, bytesOf(from), bytesOf(to))).toEqual({ format: 'merge-patch', diff: patch })
    expect(applyMergePatch(from, patch)).toEqual(to)
  })

  it('is refused where a member must become null', () => {
    const refused = diff('merge-patch', json, bytesOf({ a: 1 }), bytesOf({ a: { 'b/c': null } }))
    expect(refused).toEqual({ code: 'diff_not_expressible', errors: [{ pointer: '/a/b~1c', detail: 'is null' }] })
  })

  it('leads from one to the other, wherever there is one', () => {
    let expressed = 0
    fc.assert(
      fc.property(anyJson, anyJson, (from, to) => {
        const found = diff('merge-patch', json, bytesOf(from), bytesOf(to)) as { diff: Json } | { code: string }
        if ('code' in found) return expect(found.code).toBe('diff_not_expressible')
        expressed += 1
        expect(applyMergePatch(from, found.diff)).toEqual(to)
      }),
      { numRuns: 300 },
    )
    expect(expressed).toBeGreaterThan(100)
  })
})

describe('differences of bytes', () => {
  const [from, to] = [Buffer.from('{"a": 1}\n'), Buffer.from('{"a": 2}\n')]

  it('take JSON as text where they are asked to, white space and all', () => {
    const text = diffVersions('text', json, from, to)
    expect(patchBytes('text', from, text.diff, defaultPatchLimits).bytes).toEqual(to)
    const unified = diffVersions('unified', json, from, to, { from: 'version 1', to: 'version 2' })
    expect(unified.diff).toBe('--- version 1\n+++ version 2\n@@ -1 +1 @@\n-{"a": 1}\n+{"a": 2}\n')
    expect(textOperationsOf(unified.diff as string, from)).toEqual([{ insert: '{"a": 2}\n' }, { delete: 9 }])
  })

  it('have a format that fits the type', () => {
    expect(diff(null, 'text/markdown', from, to)).toMatchObject({ format: 'unified' })
    expect(diff(null, 'application/problem+json', from, to)).toMatchObject({ format: 'json-patch' })
    expect(diff(null, 'image/png', from, to)).toEqual({ code: 'diff_not_expressible' })
    expect(diff('text', 'image/png', Buffer.from([0xff]), to)).toEqual({ code: 'diff_not_expressible' })
    expect(diff('json-patch', 'text/plain', Buffer.from('no JSON'), to)).toEqual({ code: 'diff_not_expressible' })
  })

  it('fall back to a text delta where the best format would be too large', () => {
    const long = (end: string) => Buffer.from(JSON.stringify(['x'.repeat(600_000), end]))
    expect(diff(null, json, long('a'), long('b'))).toEqual({
      format: 'text',
      diff: [{ retain: 600_005 }, { insert: 'b' }, { delete: 1 }],
    })
    expect(diff('json-patch', json, long('a'), long('b'))).toEqual({ code: 'diff_not_expressible' })
  })
})

test('a long name above many changes costs no more than the whole', () => {
  const long = (offset: number): Json => ({
    ['n'.repeat(250_000)]: Object.fromEntries(Array.from({ length: 4000 }, (_, at) => [`k${at}`, at + offset])),
  })
  expect(diffJson(long(0), long(1))).toBeUndefined()
})
