import type { WaitStrategy } from 'testcontainers'

/** Leaves waiting to the fixture, which asks every part the same question on both backends. */
export const noWait: WaitStrategy = {
  waitUntilReady: () => Promise.resolve(),
  withStartupTimeout: () => noWait,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => 60_000,
}
