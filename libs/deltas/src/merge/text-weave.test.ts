import type { TextOperation } from '@studio/contracts'
import fc from 'fast-check'
import { createPatchMeter } from '../json/patch-meter.ts'
import { defaultPatchLimits } from '../limits.ts'
import { TextWeave } from './text-weave.ts'
import { ordersOf, pairsOf } from './test-support.ts'

const author = (id: string, version: number, saw = 1) => ({ id, version, saw })
const newWeave = (base: string) => new TextWeave(base, createPatchMeter(defaultPatchLimits))

/** All deltas were made on version 1 and arrive in this order. */
function arrive(base: string, deltas: readonly { id: string; operations: TextOperation[] }[]) {
  const weave = newWeave(base)
  const conflicts = deltas.flatMap(({ id, operations }, at) => {
    const by = author(id, at + 2)
    weave.add(by, operations)
    return weave.conflictsOf(by)
  })
  return { text: weave.read({ through: deltas.length + 1 }), conflicts }
}

const merged = (base: string, ...deltas: TextOperation[][]) =>
  arrive(
    base,
    deltas.map((operations, at) => ({ id: `${at}`, operations })),
  )

describe('two writers from one version', () => {
  test('edits of different places are both there', () => {
    const { text, conflicts } = merged(
      'The cat sat on the mat.',
      [{ retain: 4 }, { insert: 'dog' }, { delete: 3 }],
      [{ retain: 19 }, { insert: 'roof' }, { delete: 3 }],
    )
    expect(text).toBe('The dog sat on the roof.')
    expect(conflicts).toEqual([])
  })

  test('what both put in at one place stands in the order of the ids', () => {
    expect(merged('ab', [{ retain: 1 }, { insert: 'X' }], [{ retain: 1 }, { insert: 'Y' }]).text).toBe('aXYb')
  })

  test('both take out overlapping places: all of that is gone', () => {
    const { text, conflicts } = merged('abcdef', [{ retain: 1 }, { delete: 3 }], [{ retain: 2 }, { delete: 3 }])
    expect(text).toBe('af')
    expect(conflicts).toEqual([])
  })

  test('both make the same correction: it is made once', () => {
    const operations = [{ retain: 1 }, { insert: 'X' }, { delete: 1 }]
    expect(merged('abc', operations, operations)).toEqual({ text: 'aXc', conflicts: [] })
  })

  test('what stands beside a replaced word stays beside what replaces it', () => {
    const { text, conflicts } = merged(
      'a cat ran',
      [{ retain: 2 }, { insert: 'dog' }, { delete: 3 }],
      [{ retain: 2 }, { insert: 'black ' }, { retain: 3 }, { insert: ' also' }],
    )
    expect(text).toBe('a black dog also ran')
    expect(conflicts).toEqual([])
  })

  test.each([
    [
      'both replace one word',
      [{ retain: 2 }, { insert: 'dog' }, { delete: 3 }],
      [{ retain: 2 }, { insert: 'cow' }, { delete: 3 }],
    ],
    [
      'one changes what the other takes out',
      [{ retain: 2 }, { delete: 4 }],
      [{ retain: 3 }, { insert: 'u' }, { delete: 1 }],
    ],
    ['one writes inside of what the other takes out', [{ delete: 6 }], [{ retain: 3 }, { insert: 'h' }]],
  ])('%s: a conflict, with both sides', (_what, one, other) => {
    for (const deltas of [
      [one, other],
      [other, one],
    ] as TextOperation[][][]) {
      const { conflicts } = merged('a cat ran', ...deltas)
      expect(conflicts).toHaveLength(1)
      expect(conflicts[0]).toMatchObject({ path: '', one: { by: { id: '1' } }, other: { by: { id: '0' } } })
    }
  })

  test('a conflict says what each side does', () => {
    const [conflict] = merged('a cat ran', [{ retain: 2 }, { insert: 'dog' }, { delete: 3 }], [{ delete: 5 }]).conflicts
    expect(conflict?.one.operation).toEqual({ position: 0, delete: 5 })
    expect(conflict?.other.operation).toEqual({ position: 2, delete: 3, insert: 'dog' })
  })

  test('the last write wins in a conflict, and only there', () => {
    const early = [{ insert: 'Now ' }, { retain: 2 }, { insert: 'dog' }, { delete: 3 }]
    const late = [{ retain: 2 }, { insert: 'cow' }, { delete: 3 }, { retain: 4 }, { insert: '!' }]
    expect(merged('a cat ran', early, late).text).toBe('Now a cow ran!')
    expect(merged('a cat ran', late, early).text).toBe('Now a dog ran!')
  })
})

test('who had seen the other edits wrote on top of them', () => {
  const weave = newWeave('one two')
  weave.add(author('b', 2, 1), [{ retain: 4 }, { insert: 'three' }, { delete: 3 }])
  const later = author('a', 3, 2)
  weave.add(later, [{ retain: 4 }, { insert: 'Four' }, { delete: 5 }])
  expect(weave.conflictsOf(later)).toEqual([])
  expect(weave.read({ through: 2 })).toBe('one three')
  expect(weave.read({ through: 3 })).toBe('one Four')
})

test('code points count, not UTF-16 units', () => {
  expect(merged('👩‍🚀a😀b', [{ retain: 4 }, { delete: 1 }], [{ retain: 5 }, { insert: '🎈' }]).text).toBe('👩‍🚀a🎈b')
})

test('a delta that goes on beyond its text does not fit', () => {
  expect(() => merged('abc', [{ retain: 2 }, { delete: 2 }])).toThrow(
    expect.objectContaining({ code: 'patch_failed' }) as Error,
  )
})

test('a history of too many edits is too much work', () => {
  const weave = new TextWeave('a'.repeat(100), createPatchMeter({ ...defaultPatchLimits, work: 1000 }))
  const edits = Array.from({ length: 50 }, () => [{ insert: 'x' }, { retain: 1 }]).flat()
  const history = (): void => {
    for (let version = 2; version <= 20; version += 1) weave.add(author(`${version}`, version, version - 1), edits)
  }
  expect(history).toThrow(expect.objectContaining({ code: 'patch_too_large' }) as Error)
})

// ── properties ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const operationsFor = (length: number, marks: string): fc.Arbitrary<TextOperation[]> =>
  fc
    .array(
      fc.oneof(
        { weight: 3, arbitrary: fc.record({ retain: fc.integer({ min: 1, max: 4 }) }) },
        { weight: 2, arbitrary: fc.record({ insert: fc.stringMatching(new RegExp(`^[${marks}]{1,2}$`)) }) },
        { weight: 1, arbitrary: fc.record({ delete: fc.integer({ min: 1, max: 3 }) }) },
      ),
      { minLength: 1, maxLength: 6 },
    )
    .map((operations) => {
      let left = length
      return operations.flatMap((operation): TextOperation[] => {
        if ('insert' in operation) return [operation]
        const count = Math.min(left, 'retain' in operation ? operation.retain : operation.delete)
        left -= count
        return count === 0 ? [] : ['retain' in operation ? { retain: count } : { delete: count }]
      })
    })

const base = 'abcdefgh'
const concurrent = fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 2, maxLength: 4 }).chain((ids) =>
  fc.tuple(
    ...ids.map((id, at) =>
      operationsFor(base.length, 'WXYZ'[at] as string).map((operations) => ({
        id: String(id).padStart(2, '0'),
        operations,
      })),
    ),
  ),
)

test('concurrent deltas give one text in any order of arrival, and the same pairs in conflict', () => {
  let free = 0
  fc.assert(
    fc.property(concurrent, (deltas) => {
      const arrivals = ordersOf(deltas).map((order) => arrive(base, order))
      // In conflict, the last write wins: that, too, is one text.
      expect(new Set(arrivals.map(({ text }) => text)).size).toBe(1)
      if (arrivals.every(({ conflicts }) => conflicts.length === 0)) free += 1
    }),
    { numRuns: 400 },
  )
  expect(free).toBeGreaterThan(50)
})

test('each pair of concurrent deltas is in conflict or not, whatever comes between and in whatever order', () => {
  fc.assert(
    fc.property(concurrent, (deltas) => {
      const alone = deltas.flatMap((one, at) =>
        deltas.slice(at + 1).flatMap((other) => pairsOf(arrive(base, [one, other]).conflicts)),
      )
      for (const order of ordersOf(deltas)) {
        const weave = newWeave(base)
        const found = new Set<string>()
        for (const [at, { id, operations }] of order.entries()) {
          const by = author(id, at + 2)
          weave.add(by, operations)
          for (const pair of pairsOf(weave.conflictsOf(by))) found.add(pair)
        }
        expect([...found].sort()).toEqual([...new Set(alone)].sort())
      }
    }),
    { numRuns: 200 },
  )
})

/** A naive apply, over a list of code points. */
function applied(text: string, operations: readonly TextOperation[]): string {
  const rest = [...text]
  const kept = operations.flatMap((operation) => {
    if ('insert' in operation) return [operation.insert]
    const taken = rest.splice(0, 'retain' in operation ? operation.retain : operation.delete)
    return 'retain' in operation ? taken : []
  })
  return [...kept, ...rest].join('')
}

test('whoever had seen whatever: what nobody contradicts is neither lost nor moved', () => {
  const step = fc.record({
    id: fc.integer({ min: 0, max: 999 }),
    unseen: fc.integer({ min: 0, max: 3 }),
    edits: fc.array(
      fc.record({ at: fc.nat(), deleted: fc.integer({ min: 0, max: 2 }), inserted: fc.integer({ min: 0, max: 2 }) }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  })
  let accepted = 0
  fc.assert(
    fc.property(fc.uniqueArray(step, { minLength: 2, maxLength: 8, selector: ({ id }) => id }), (steps) => {
      let weave = newWeave(base)
      const history: { by: ReturnType<typeof author>; operations: TextOperation[]; result: string }[] = []
      const everything = new Set(base)
      const gone = new Set<string>()
      let mark = 0x4e00
      for (const { id, unseen, edits } of steps) {
        const head = history.length + 1
        const by = author(String(id).padStart(3, '0'), head + 1, Math.max(1, head - unseen))
        const text = weave.read({ through: by.saw })
        const points = [...text]
        const operations: TextOperation[] = []
        let from = 0
        for (const { at, deleted, inserted } of edits.toSorted((one, other) => (one.at % 9) - (other.at % 9))) {
          const position = Math.max(from, Math.min(points.length, at % 9))
          const count = Math.min(deleted, points.length - position)
          if (position > from) operations.push({ retain: position - from })
          const own = Array.from({ length: inserted }, () => String.fromCodePoint((mark += 1)))
          if (own.length > 0) operations.push({ insert: own.join('') })
          if (count > 0) operations.push({ delete: count })
          from = position + count
        }
        weave.add(by, operations)
        if (weave.conflictsOf(by).length > 0) {
          // Refused: the history goes on without it.
          weave = newWeave(base)
          for (const { by: before, operations: theirs } of history) weave.add(before, theirs)
          continue
        }
        accepted += 1
        const result = applied(text, operations)
        for (const point of result) everything.add(point)
        for (const point of points) if (!result.includes(point)) gone.add(point)
        history.push({ by, operations, result })
      }
      const final = weave.read({ through: history.length + 1 })
      expect([...final].sort()).toEqual([...everything].filter((point) => !gone.has(point)).sort())
      // Two code points that somebody saw in an order still stand in it.
      for (const { result } of history)
        expect([...final].filter((point) => result.includes(point))).toEqual(
          [...result].filter((point) => final.includes(point)),
        )
    }),
    { numRuns: 600 },
  )
  expect(accepted).toBeGreaterThan(1000)
})
