import type { Json } from '@studio/contracts'
import { canonicalJson } from '@studio/kernel'
import fc from 'fast-check'
import { applyJsonPatch } from '../json/apply-json-patch.ts'
import { formatPointer } from '../json/json-pointer.ts'
import { isContainer } from '../json/json-value.ts'
import { parseJsonPatch } from '../json/parse-json-patch.ts'
import { createPatchMeter } from '../json/patch-meter.ts'
import { defaultPatchLimits as limits } from '../limits.ts'
import { JsonWeave } from './json-weave.ts'
import { ordersOf, pairsOf } from './test-support.ts'

type Patch = Record<string, Json>[]

const author = (id: string, version: number, saw = 1) => ({ id, version, saw })
const newWeave = (base: Json) => new JsonWeave(base, createPatchMeter(limits))
const parsed = (patch: Patch) => parseJsonPatch(patch, limits)

/** All deltas were made on version 1 and arrive in this order. */
function arrive(base: Json, deltas: readonly { id: string; patch: Patch }[]) {
  const weave = newWeave(base)
  const conflicts = deltas.flatMap(({ id, patch }, at) => {
    const by = author(id, at + 2)
    weave.add(by, parsed(patch))
    return weave.conflictsOf(by)
  })
  return { value: weave.read({ through: deltas.length + 1 }), conflicts }
}

const merged = (base: Json, ...patches: Patch[]) =>
  arrive(
    base,
    patches.map((patch, at) => ({ id: `${at}`, patch })),
  )

const base = { title: 'Rain', tags: ['a', 'b', 'c'], author: { name: 'Ann', age: 40 } }

describe('two writers from one version: both edits are there', () => {
  test.each<[string, Patch, Patch, object]>([
    [
      'of different members',
      [{ op: 'replace', path: '/title', value: 'Snow' }],
      [{ op: 'replace', path: '/author/age', value: 41 }],
      { title: 'Snow', author: { name: 'Ann', age: 41 } },
    ],
    [
      'of different items, though the index of one has moved',
      [{ op: 'remove', path: '/tags/0' }],
      [{ op: 'replace', path: '/tags/2', value: 'C' }],
      { tags: ['b', 'C'] },
    ],
    [
      'an item put in before another one that is changed',
      [{ op: 'add', path: '/tags/1', value: 'new' }],
      [{ op: 'replace', path: '/tags/1', value: 'B' }],
      { tags: ['a', 'new', 'B', 'c'] },
    ],
    [
      'two items put in at one place: in the order of the ids',
      [{ op: 'add', path: '/tags/1', value: 'x' }],
      [{ op: 'add', path: '/tags/1', value: 'y' }],
      { tags: ['a', 'x', 'y', 'b', 'c'] },
    ],
    [
      'two items at the end',
      [{ op: 'add', path: '/tags/-', value: 'x' }],
      [{ op: 'add', path: '/tags/-', value: 'y' }],
      { tags: ['a', 'b', 'c', 'x', 'y'] },
    ],
    [
      'both take out one item: it is gone, and no other',
      [{ op: 'remove', path: '/tags/1' }],
      [{ op: 'remove', path: '/tags/1' }],
      { tags: ['a', 'c'] },
    ],
    [
      'both write the same',
      [{ op: 'replace', path: '/title', value: 'Snow' }],
      [{ op: 'add', path: '/title', value: 'Snow' }],
      { title: 'Snow' },
    ],
    [
      'an item is moved, another one changed',
      [{ op: 'move', from: '/tags/0', path: '/tags/2' }],
      [{ op: 'replace', path: '/tags/1', value: 'B' }],
      { tags: ['B', 'c', 'a'] },
    ],
    [
      'both give a member the same new name',
      [{ op: 'move', from: '/author/age', path: '/author/years' }],
      [{ op: 'move', from: '/author/age', path: '/author/years' }],
      { author: { name: 'Ann', years: 40 } },
    ],
    [
      'one copies what the other changes: the copy is of what its author saw',
      [{ op: 'copy', from: '/title', path: '/first' }],
      [{ op: 'replace', path: '/title', value: 'Snow' }],
      { title: 'Snow', first: 'Rain' },
    ],
    [
      'members named as prototypes have them',
      [{ op: 'add', path: '/__proto__', value: 1 }],
      [{ op: 'add', path: '/constructor', value: 2 }],
      JSON.parse('{"__proto__":1,"constructor":2}') as object,
    ],
  ])('%s', (_what, one, other, expected) => {
    const both = merged(base, one, other)
    expect(both.conflicts).toEqual([])
    expect(JSON.parse(canonicalJson(both.value))).toEqual(JSON.parse(canonicalJson(mergedOver(base, expected))))
  })
})

function mergedOver(document: object, changed: object): object {
  return JSON.parse(`${JSON.stringify(document).slice(0, -1)},${JSON.stringify(changed).slice(1)}`) as object
}

describe('a conflict', () => {
  test.each<[string, Patch, Patch]>([
    [
      'both write one member',
      [{ op: 'replace', path: '/title', value: 'A' }],
      [{ op: 'replace', path: '/title', value: 'B' }],
    ],
    ['both add one member', [{ op: 'add', path: '/new', value: {} }], [{ op: 'add', path: '/new', value: [] }]],
    [
      'one takes out what the other changes',
      [{ op: 'remove', path: '/author' }],
      [{ op: 'replace', path: '/author/age', value: 1 }],
    ],
    [
      'one replaces what the other changes',
      [{ op: 'replace', path: '', value: 1 }],
      [{ op: 'add', path: '/tags/-', value: 1 }],
    ],
    [
      'one takes out an item that the other writes',
      [{ op: 'remove', path: '/tags/1' }],
      [{ op: 'replace', path: '/tags/1', value: 1 }],
    ],
    [
      'one moves what the other changes',
      [{ op: 'move', from: '/author', path: '/a' }],
      [{ op: 'remove', path: '/author/age' }],
    ],
    [
      'one moves what the other removes',
      [{ op: 'move', from: '/tags/0', path: '/tags/2' }],
      [{ op: 'remove', path: '/tags/0' }],
    ],
    [
      'both move one item, even to one index: it must not be there twice',
      [{ op: 'move', from: '/tags/0', path: '/tags/2' }],
      [{ op: 'move', from: '/tags/0', path: '/tags/2' }],
    ],
    [
      'both give a member new names',
      [{ op: 'move', from: '/title', path: '/a' }],
      [{ op: 'move', from: '/title', path: '/b' }],
    ],
    [
      'one relies on what the other changes',
      [{ op: 'test', path: '/title', value: 'Rain' }],
      [{ op: 'remove', path: '/title' }],
    ],
    [
      'one relies on all of what the other changes a part of',
      [{ op: 'test', path: '/author', value: { name: 'Ann', age: 40 } }],
      [{ op: 'replace', path: '/author/age', value: 1 }],
    ],
    [
      'one relies on a part of what the other replaces',
      [{ op: 'test', path: '/author/age', value: 40 }],
      [{ op: 'remove', path: '/author' }],
    ],
  ])('%s', (_what, one, other) => {
    for (const patches of [
      [one, other],
      [other, one],
    ]) {
      const { conflicts } = merged(base, ...patches)
      expect(conflicts).toHaveLength(1)
      expect(conflicts[0]).toMatchObject({
        one: { by: { id: '1' }, operation: patches[1]?.[0] },
        other: { by: { id: '0' }, operation: patches[0]?.[0] },
      })
    }
  })

  test('names the place', () => {
    const [conflict] = merged(
      base,
      [{ op: 'remove', path: '/tags/0' }],
      [{ op: 'replace', path: '/tags/0', value: 'A' }],
    ).conflicts
    expect(conflict?.path).toBe('/tags/0')
  })

  test('the last write wins, and only in the conflict', () => {
    const early: Patch = [
      { op: 'replace', path: '/title', value: 'early' },
      { op: 'add', path: '/early', value: 1 },
    ]
    const late: Patch = [{ op: 'replace', path: '/title', value: 'late' }]
    expect(merged(base, early, late).value).toMatchObject({ title: 'late', early: 1 })
    expect(merged(base, late, early).value).toMatchObject({ title: 'early', early: 1 })
  })

  test('a later change inside wins against an earlier removal, and the other way round', () => {
    const removal: Patch = [{ op: 'remove', path: '/author' }]
    const change: Patch = [{ op: 'replace', path: '/author/age', value: 41 }]
    expect(merged(base, removal, change).value).toMatchObject({ author: { name: 'Ann', age: 41 } })
    expect(merged(base, change, removal).value).not.toHaveProperty('author')
  })
})

test('a move that gives way does so at both ends', () => {
  const move: Patch = [{ op: 'move', from: '/author', path: '/by' }]
  const change: Patch = [{ op: 'replace', path: '/author/age', value: 41 }]
  const { value } = merged(base, move, change)
  expect(value).toMatchObject({ author: { name: 'Ann', age: 41 } })
  expect(value).not.toHaveProperty('by')
})

test('who gives way to an edit that itself gives way stands', () => {
  const weave = newWeave({ a: 0 })
  weave.add(author('5', 2, 1), parsed([{ op: 'replace', path: '/a', value: { x: 1 } }]))
  weave.add(author('9', 3, 2), parsed([{ op: 'add', path: '/a/y', value: 1 }]))
  // The same as the first has written; it gives way to the second, which has seen that one.
  weave.add(author('7', 4, 1), parsed([{ op: 'replace', path: '/a', value: { x: 1 } }]))
  expect(weave.read({ through: 4 })).toEqual({ a: { x: 1, y: 1 } })
})

test('where the whole is taken out, null is left, as it is without a merge', () => {
  expect(merged(base, [{ op: 'remove', path: '' }], [{ op: 'remove', path: '' }])).toEqual({
    value: null,
    conflicts: [],
  })
})

test('conflicts of each operation with each are too much work', () => {
  const tests = Array.from({ length: 2000 }, () => ({ op: 'test', path: '/author', value: base.author }))
  const changes = Array.from({ length: 2000 }, (_, at) => ({ op: 'add', path: '/author/age', value: at }))
  expect(() => merged(base, tests, changes)).toThrow(expect.objectContaining({ code: 'patch_too_large' }) as Error)
})

test('an index means the item that its author saw, whoever had seen what', () => {
  const weave = newWeave(['a', 'b', 'c'])
  weave.add(author('5', 2, 1), parsed([{ op: 'add', path: '/0', value: 'first' }]))
  weave.add(author('4', 3, 2), parsed([{ op: 'replace', path: '/0', value: 'FIRST' }]))
  weave.add(author('3', 4, 1), parsed([{ op: 'remove', path: '/0' }]))
  expect(weave.read({ through: 4 })).toEqual(['FIRST', 'b', 'c'])
})

test('the given document is not touched', () => {
  const before = JSON.stringify(base)
  merged(base, [{ op: 'add', path: '/tags/0', value: 1 }], [{ op: 'remove', path: '/author' }])
  expect(JSON.stringify(base)).toBe(before)
})

// ── properties ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const start: Json = { a: 1, b: { c: 2, d: [10, 20, 30] }, list: [{ n: 1 }, { n: 2 }, [3, 4]] }

/** All places of a document, the whole first. */
function pointersOf(value: Json, path: string[] = []): string[][] {
  if (!isContainer(value)) return [path]
  return [path, ...Object.entries(value).flatMap(([name, child]) => pointersOf(child, [...path, name]))]
}

const choice = fc.record({
  op: fc.integer({ min: 0, max: 6 }),
  at: fc.nat(),
  to: fc.nat(),
  value: fc.integer({ min: 0, max: 3 }),
})

/** A patch of operations that fit the document, made of random choices. */
function patchFor(document: Json, choices: readonly { op: number; at: number; to: number; value: number }[]): Patch {
  const patch: Patch = []
  let current = document
  for (const { op, at, to, value } of choices) {
    const pointers = pointersOf(current).slice(1)
    const path = pointers[at % Math.max(1, pointers.length)]
    const target = pointers[to % Math.max(1, pointers.length)]
    if (path === undefined || target === undefined) continue
    const inside = { path: formatPointer(path), from: formatPointer(target) }
    const added = [...path.slice(0, -1), to % 2 === 0 ? `k${value}` : '-']
    const operation = [
      { op: 'replace', path: inside.path, value },
      { op: 'remove', path: inside.path },
      { op: 'add', path: inside.path, value: { v: value } },
      { op: 'add', path: formatPointer(added), value: [value] },
      { op: 'move', ...inside },
      { op: 'copy', ...inside },
      { op: 'add', path: formatPointer(added), value },
    ][op] as Patch[number]
    try {
      current = applyJsonPatch(structuredClone(current), [operation])
      patch.push(operation)
    } catch {
      // It does not fit this document.
    }
  }
  return patch
}

test('deltas that each saw the one before give what the engine gives', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(choice, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
      (history) => {
        const weave = newWeave(start)
        let document: Json = start
        for (const [at, choices] of history.entries()) {
          const patch = patchFor(document, choices)
          weave.add(author(`${9 - at}`, at + 2, at + 1), parsed(patch))
          document = applyJsonPatch(structuredClone(document), patch)
          expect(canonicalJson(weave.read({ through: at + 2 }))).toBe(canonicalJson(document))
        }
      },
    ),
    { numRuns: 600 },
  )
})

const concurrent = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 10, max: 99 }), { minLength: 2, maxLength: 4 }),
    fc.array(fc.array(choice, { minLength: 1, maxLength: 3 }), { minLength: 4, maxLength: 4 }),
  )
  .map(([ids, choices]) => ids.map((id, at) => ({ id: `${id}`, patch: patchFor(start, choices[at] ?? []) })))

test('concurrent deltas give one document in any order of arrival, byte by byte, and the same pairs in conflict', () => {
  let free = 0
  fc.assert(
    fc.property(concurrent, (deltas) => {
      const arrivals = ordersOf(deltas).map((order) => arrive(start, order))
      const [pairs, ...others] = arrivals.map(({ conflicts }) => pairsOf(conflicts).sort().join())
      expect(new Set([pairs, ...others]).size).toBe(1)
      expect(new Set(arrivals.map(({ value }) => JSON.stringify(value))).size).toBe(1)
      if (pairs === '') free += 1
    }),
    { numRuns: 500 },
  )
  expect(free).toBeGreaterThan(30)
})

test('each two deltas are in conflict or not, whoever else comes', () => {
  fc.assert(
    fc.property(concurrent, (deltas) => {
      const alone = deltas.flatMap((one, at) =>
        deltas.slice(at + 1).flatMap((other) => pairsOf(arrive(start, [one, other]).conflicts)),
      )
      expect(pairsOf(arrive(start, deltas).conflicts).sort()).toEqual(alone.sort())
    }),
    { numRuns: 300 },
  )
})

/** All strings in a document. */
const stringsOf = (value: Json): string[] =>
  isContainer(value) ? Object.values(value).flatMap(stringsOf) : typeof value === 'string' ? [value] : []

test('without a conflict, what somebody put in is there once, and what nobody took out still is', () => {
  let leaf = 0
  const document = JSON.parse(JSON.stringify(start), (_, value: Json) =>
    isContainer(value) ? value : `was ${(leaf += 1)}`,
  ) as Json
  let compared = 0
  fc.assert(
    fc.property(fc.array(fc.array(choice, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 4 }), (all) => {
      let mark = 0
      const deltas = all.map((choices, at) => ({
        id: `${at}`,
        patch: patchFor(document, choices)
          .filter(({ op }) => op !== 'copy')
          .map((operation) => ('value' in operation ? { ...operation, value: `put in ${(mark += 1)}` } : operation)),
      }))
      const alone = deltas.flatMap(({ patch }) => {
        try {
          return [new Set(stringsOf(applyJsonPatch(structuredClone(document), patch)))]
        } catch {
          // Another value has taken away what it goes on.
          return []
        }
      })
      if (alone.length < deltas.length) return
      const { value, conflicts } = arrive(document, deltas)
      if (conflicts.length > 0) return
      compared += 1
      const before = stringsOf(document)
      const kept = before.filter((string) => alone.every((strings) => strings.has(string)))
      const added = alone.flatMap((strings) => [...strings].filter((string) => !before.includes(string)))
      expect(stringsOf(value).sort()).toEqual([...kept, ...added].sort())
    }),
    { numRuns: 800 },
  )
  expect(compared).toBeGreaterThan(100)
})
