import { createLanes } from './lanes.ts'

interface Item {
  readonly key: string
  readonly value: number
}

function lanes(work: (items: readonly Item[]) => Promise<readonly number[]>, limits = {}) {
  return createLanes<Item, number>({
    key: ({ key }) => key,
    weight: () => 1,
    work,
    maximumItems: 10,
    maximumWeight: 10,
    maximumBatches: 2,
    maximumWaitMs: 60_000,
    ...limits,
  })
}

describe('lanes', () => {
  it('joins what comes at once, in order, and lets what comes later wait for its key', async () => {
    const batches: number[][] = []
    const first = Promise.withResolvers<void>()
    const run = lanes(async (items) => {
      batches.push(items.map(({ value }) => value))
      if (batches.length === 1) await first.promise
      return items.map(({ value }) => value * 10)
    })
    const send = (key: string, value: number) => run({ key, value })
    const answers = [send('a', 1), send('b', 2), send('a', 3)]
    await new Promise(process.nextTick)
    answers.push(send('a', 4), send('c', 5))
    await answers[4]
    first.resolve()
    expect(await Promise.all(answers)).toEqual([10, 20, 30, 40, 50])
    expect(batches).toEqual([[1, 2, 3], [5], [4]])
  })

  it('lets nothing overtake what has the same key, be it as small as it may', async () => {
    const order: number[] = []
    const run = lanes(
      async (items) => {
        order.push(...items.map(({ value }) => value))
        return items.map(() => 0)
      },
      { weight: ({ value }: Item) => value },
    )
    await Promise.all(
      [
        ['a', 6],
        ['b', 8],
        ['b', 1],
        ['c', 2],
      ].map(([key, value]) => run({ key: String(key), value: Number(value) })),
    )
    expect(order).toEqual([6, 2, 8, 1])
  })

  it('goes on after a batch that failed', async () => {
    const run = lanes(async (items) => {
      if (items.some(({ value }) => value < 0)) throw new Error('bad')
      return items.map(({ value }) => value)
    })
    await expect(run({ key: 'a', value: -1 })).rejects.toThrow('bad')
    await expect(run({ key: 'a', value: 1 })).resolves.toBe(1)
  })

  it('keeps to its limits', async () => {
    let running = 0
    let most = 0
    const sizes: number[] = []
    const run = lanes(
      async (items) => {
        most = Math.max(most, (running += 1))
        sizes.push(items.length)
        await new Promise((resolve) => setImmediate(resolve))
        running -= 1
        return items.map(({ value }) => value)
      },
      { maximumItems: 3 },
    )
    await Promise.all(Array.from({ length: 20 }, (_, value) => run({ key: String(value), value })))
    expect(most).toBe(2)
    expect(Math.max(...sizes)).toBe(3)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(20)
  })

  it('refuses what waited too long for its turn, and goes on', async () => {
    const done: number[] = []
    const run = lanes(
      async (items) => {
        const until = performance.now() + 20
        while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve))
        done.push(...items.map(({ value }) => value))
        return items.map(({ value }) => value)
      },
      { maximumWaitMs: 10, maximumItems: 1 },
    )
    const answers = await Promise.allSettled([1, 2, 3].map((value) => run({ key: 'a', value })))
    expect(answers).toMatchObject([{ value: 1 }, { reason: { code: 'timeout' } }, { reason: { code: 'timeout' } }])
    await expect(run({ key: 'a', value: 4 })).resolves.toBe(4)
    expect(done).toEqual([1, 4])
  })
})
