import { createArrivals } from './arrivals.ts'

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

test('one watches for each provider, and then the next may', () => {
  const arrivals = createArrivals()
  const watch = arrivals.watch('tenant', 'provider')
  expect(arrivals.watch('tenant', 'provider')).toBeNull()
  expect(arrivals.watch('tenant', 'other')).not.toBeNull()
  watch?.close()
  expect(arrivals.watch('tenant', 'provider')).not.toBeNull()
})
