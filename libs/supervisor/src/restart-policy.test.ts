import { restartDelayMs } from './restart-policy.ts'

test('waits twice as long each time, then gives up, and forgets after a minute', () => {
  const now = 1_000_000
  expect(restartDelayMs([], now)).toBe(250)
  expect(restartDelayMs([now - 1000], now)).toBe(500)
  expect(restartDelayMs([now - 5, now - 4, now - 3, now - 2], now)).toBe(4000)
  expect(restartDelayMs([now - 5, now - 4, now - 3, now - 2, now - 1], now)).toBeUndefined()
  expect(restartDelayMs([now - 90_000, now - 80_000, now - 70_000, now - 65_000, now - 61_000], now)).toBe(250)
})
