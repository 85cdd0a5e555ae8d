import { createArrivals } from './arrivals.ts'
import { mostCrews } from './domain/crews.ts'

test('who watches hears of the next change of its tenant, and of no other', async () => {
  const arrivals = createArrivals()
  const heard: string[] = []
  const watch = (tenant: string) =>
    arrivals
      .watch(tenant, 'provider')
      ?.next(60_000)
      .then(() => heard.push(tenant))
  const [one, other] = [watch('one'), watch('other')]
  arrivals.tell('one')
  await one
  expect(heard).toEqual(['one'])
  arrivals.tell('other')
  await other
  expect(heard).toEqual(['one', 'other'])
})

test('a change between two questions is not missed, and without one it waits no longer than it said', async () => {
  const arrivals = createArrivals()
  const watch = arrivals.watch('tenant', 'provider')
  arrivals.tell('tenant')
  await watch?.next(60_000)
  await watch?.next(5)
})

test('so many watch for each provider, the first of them is told, and when it watches no more the next', async () => {
  const arrivals = createArrivals()
  const told: number[] = []
  const [first, second] = [1, 2].map((place) => {
    const watch = arrivals.watch('tenant', 'provider')
    void watch?.next(60_000).then(() => told.push(place))
    return watch
  })
  expect(mostCrews).toBe(2)
  expect(arrivals.watch('tenant', 'provider')).toBeNull()
  expect(arrivals.watched('tenant')).toEqual(new Set(['provider']))
  expect(arrivals.watch('tenant', 'other')).not.toBeNull()
  arrivals.tell('tenant')
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toEqual([1])
  first?.close()
  arrivals.tell('tenant')
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toEqual([1, 2])
  second?.close()
  expect(arrivals.watched('tenant')).toEqual(new Set(['other']))
})
