import { busyShare, patienceMs, quietMs, workingTime } from './packing-pace.ts'

const now = new Date('2026-01-02T00:00:00Z')
const ago = (ms: number): Date => new Date(now.getTime() - ms)
const roundMs = 5_000

test.each([
  ['nobody has ever written', null, null, Infinity],
  ['nobody has written for a while', ago(quietMs), ago(quietMs), Infinity],
  ['nobody has written for a while, and much is left', ago(quietMs), ago(patienceMs * 100), Infinity],
  ['somebody writes', ago(quietMs - 1), ago(patienceMs - 1), 0],
  ['somebody writes, and all is done', ago(0), null, 0],
  ['somebody writes and has for long', ago(0), ago(patienceMs), roundMs * busyShare],
  ['clocks differ, and a version is of tomorrow', ago(-86_400_000), ago(0), 0],
])('%s', (_, newest, oldestLeft, expected) => {
  expect(workingTime({ newest, oldestLeft }, now, roundMs)).toBe(expected)
})
