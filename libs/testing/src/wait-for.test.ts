import { waitFor, waitForValue } from './wait-for.ts'

test('resolves to the first value that is there', async () => {
  let asked = 0
  await expect(waitFor('three', () => (++asked < 3 ? undefined : asked))).resolves.toBe(3)
})

test('zero and the empty string are values', async () => {
  await expect(waitFor('zero', () => 0)).resolves.toBe(0)
})

test('says what it waited for and what came last', async () => {
  await expect(waitFor('rain', () => false, { timeoutMs: 20 })).rejects.toThrow('20 ms for rain; last: false')
  await expect(waitFor('rain', () => Promise.reject(new Error('drought')), { timeoutMs: 20 })).rejects.toThrow(
    'last: drought',
  )
})

test('shows the value that was not accepted', async () => {
  await expect(
    waitForValue(
      'two',
      () => [1],
      (list) => list.length === 2,
      { timeoutMs: 20 },
    ),
  ).rejects.toThrow('value: [1]')
})
