// Loaded into each service of the event-loop benchmark (node --import): shows at /metrics the longest hold of the main thread's event loop since
// the last scrape, in milliseconds. It counts processor time and not the clock: a machine that is busy with something else holds no loop.
import { isMainThread } from 'node:worker_threads'
import { gauge } from '@studio/telemetry'

const everyMs = 5

if (isMainThread) {
  let longest = 0
  let before = busyMs()
  setInterval(() => {
    const now = busyMs()
    longest = Math.max(longest, now - before)
    before = now
  }, everyMs).unref()

  gauge('perf_event_loop_hold_ms', 'Longest hold of the event loop since the last scrape.', [], function () {
    this.set(longest)
    longest = 0
    before = busyMs()
  })
}

function busyMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
