import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { commandLine, identify, isAlive, startTimeOf } from './process-identity.ts'

test('reads the start time behind a command name with blanks and brackets', () => {
  const stat = '4711 (a (b) c) S 1 4711 4711 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 11 0 987654 1000 200'
  expect(startTimeOf(stat)).toBe('987654')
})

test('a process is alive under its own start time only', () => {
  const own = identify(process.pid)!
  expect(isAlive(own)).toBe(true)
  expect(isAlive({ ...own, started: 'another time' })).toBe(false)
})

test('a process that has ended is not found', async () => {
  const child = spawn('sleep', ['60'])
  await once(child, 'spawn')
  const identity = identify(child.pid!)!
  expect(commandLine(child.pid!)).toBe('sleep 60')
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(isAlive(identity)).toBe(false)
})
