import { createBatcher } from './batcher.ts'

const limits = { maxItems: 3, maxBytes: 10, maxFlushes: 1 }
const sizeOf = (item: string) => item.length

test('calls of one tick go together, and each gets its own answer', async () => {
  const flushes: string[][] = []
  const call = createBatcher(
    async (items: readonly string[]) => {
      flushes.push([...items])
      return items.map((item) => item.toUpperCase())
    },
    sizeOf,
    limits,
  )
  expect(await Promise.all(['a', 'b', 'c', 'd'].map(call))).toEqual(['A', 'B', 'C', 'D'])
  expect(flushes).toEqual([['a', 'b', 'c'], ['d']])
})

test('what comes while a request is under way waits for it and goes together', async () => {
  const flushes: string[][] = []
  const gate = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const call = createBatcher(
    async (items: readonly string[]) => {
      flushes.push([...items])
      begun.resolve()
      await gate.promise
      return items
    },
    sizeOf,
    limits,
  )
  const first = call('a')
  await begun.promise
  const rest = Promise.all([call('b'), call('c')])
  gate.resolve()
  expect(await first).toBe('a')
  expect(await rest).toEqual(['b', 'c'])
  expect(flushes).toEqual([['a'], ['b', 'c']])
})

test('bytes limit a batch, an item over the limit goes alone', async () => {
  const flushes: number[] = []
  const call = createBatcher(
    async (items: readonly string[]) => {
      flushes.push(items.length)
      return items
    },
    sizeOf,
    limits,
  )
  await Promise.all([call('x'.repeat(6)), call('x'.repeat(6)), call('x'.repeat(99)), call('x')])
  expect(flushes).toEqual([1, 1, 1, 1])
})

test('a failed request fails its items and no others', async () => {
  const call = createBatcher(
    async (items: readonly string[]) => {
      if (items.includes('bad')) throw new Error('refused')
      return items
    },
    sizeOf,
    { ...limits, maxItems: 2 },
  )
  const results = await Promise.allSettled(['a', 'bad', 'c'].map(call))
  expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'fulfilled'])
})

test('an answer of another length is a fault, not a mix-up', async () => {
  const call = createBatcher(async () => ['one'], sizeOf, limits)
  await expect(Promise.all([call('a'), call('b')])).rejects.toThrow('1 answers for 2 items')
})
