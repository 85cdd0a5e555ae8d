import { createArrivals } from './arrivals.ts'

test('who waits hears of the next change of its tenant, and of no other', async () => {
  const arrivals = createArrivals()
  const heard: string[] = []
  const one = arrivals.next('one', 60_000).then(() => heard.push('one'))
  const other = arrivals.next('other', 60_000).then(() => heard.push('other'))
  arrivals.tell('one')
  await one
  expect(heard).toEqual(['one'])
  arrivals.tell('other')
  await other
  expect(heard).toEqual(['one', 'other'])
})

test('who waits does so no longer than it said', async () => {
  await createArrivals().next('one', 5)
})
