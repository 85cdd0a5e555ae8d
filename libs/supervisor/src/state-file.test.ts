import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PartState } from './part.ts'
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts'
import { cleanUp, readState, takeOver, writeState, type StudioState } from './state-file.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'studio-state-'))
  file = join(folder, 'state.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const dead: ProcessIdentity = { pid: 1, started: 'long ago' }
const own = { url: 'http://127.0.0.1:1', temporalUiUrl: '', ready: false, parts: [] }

function stateWith(process: ProcessIdentity): StudioState {
  const part: PartState = { name: 'blob', kind: 'process', status: 'ready', since: 0, restarts: 0, pid: process.pid }
  return { ...own, launcher: dead, parts: [{ ...part, process }] }
}

async function sleeper(): Promise<ProcessIdentity> {
  const child = spawn('sleep', ['60'], { detached: true })
  await once(child, 'spawn')
  return identify(child.pid!)!
}

test('what a dead launcher left running is ended, and the file goes', async () => {
  const left = await sleeper()
  writeState(file, stateWith(left))
  expect(await cleanUp(file)).toBe(1)
  expect(isAlive(left)).toBe(false)
  expect(existsSync(file)).toBe(false)
})

test('a process that only has the same pid is left alone', async () => {
  const other = await sleeper()
  writeState(file, stateWith({ ...other, started: 'another time' }))
  expect(await cleanUp(file)).toBe(0)
  expect(isAlive(other)).toBe(true)
  process.kill(other.pid, 'SIGKILL')
})

test('of two launchers the second is told of the first', async () => {
  expect(await takeOver(file, own)).toEqual({ cleaned: 0 })
  expect(await takeOver(file, own)).toEqual({ runningAlready: { ...own, launcher: identify(process.pid) } })
})

test('the place of a dead launcher is taken over', async () => {
  writeState(file, { ...own, launcher: dead })
  expect(await takeOver(file, own)).toEqual({ cleaned: 0 })
  expect(readState(file)?.launcher.pid).toBe(process.pid)
})
