import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  freePort,
  identify,
  isAlive,
  isPartFailure,
  Supervisor,
  until,
  type Part,
  type PartState,
  type SupervisorOptions,
} from '@studio/supervisor'
import { answeringPart } from './answering-part.ts'

let folder: string
let supervisor: Supervisor | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'studio-supervisor-'))
})
afterEach(async () => {
  await supervisor?.stop()
  supervisor = undefined
  rmSync(folder, { recursive: true, force: true })
})

function supervise(parts: Part[], options: Partial<SupervisorOptions> = {}): Supervisor {
  supervisor = new Supervisor({ parts, logFolder: join(folder, 'logs'), restart: false, ...options })
  return supervisor
}

/** Resolves when the condition holds. */
function eventually(description: string, condition: () => boolean): Promise<void> {
  return until(
    async () => {
      if (!condition()) throw new Error(`not yet: ${description}`)
    },
    { deadlineMs: 20_000 },
  )
}

test('a part starts after those that it depends on are ready, and stops before them', async () => {
  const seen: string[] = []
  const note = ({ name, status }: PartState): void =>
    void (
      ['starting', 'ready', 'stopped'].includes(status) &&
      seen.at(-1) !== `${name} ${status}` &&
      seen.push(`${name} ${status}`)
    )
  const studio = supervise(
    [
      answeringPart('late', { port: await freePort(), dependsOn: ['early'] }),
      answeringPart('early', { port: await freePort() }),
    ],
    { onChange: note },
  )
  await studio.start()
  expect(seen).toEqual(['early starting', 'early ready', 'late starting', 'late ready'])
  expect((await fetch(studio.state('late').url!)).status).toBe(200)
  await studio.stop()
  expect(seen.slice(4)).toEqual(['late stopped', 'early stopped'])
})

test('a task runs once its dependencies are ready, and its failure is the failure of the start', async () => {
  const ready = (): boolean => studio.state('first').status === 'ready'
  const run = async (): Promise<void> => {
    throw new Error(ready() ? 'the migrations do not fit' : 'the task ran too early')
  }
  const studio = supervise([
    answeringPart('first', { port: await freePort() }),
    { kind: 'task', name: 'work', dependsOn: ['first'], deadlineMs: 1000, run },
  ])
  await expect(studio.start()).rejects.toMatchObject({
    code: 'part_failed',
    part: 'work',
    message: 'work: the migrations do not fit',
  })
  expect(studio.state('first').status).toBe('stopped')
})

test('a part that dies on the way up stops the rest and shows its last lines', async () => {
  const studio = supervise([
    answeringPart('good', { port: await freePort() }),
    answeringPart('bad', { port: await freePort(), how: 'die', dependsOn: ['good'] }),
  ])
  const failure: unknown = await studio.start().catch((error: unknown) => error)
  expect(isPartFailure(failure) && failure.part).toBe('bad')
  expect(isPartFailure(failure) && failure.message).toContain('exit code 3')
  expect(isPartFailure(failure) && failure.tail).toEqual(['one line of log', 'something is badly wrong'])
  expect(studio.states().map(({ name, status, pid }) => [name, status, pid])).toEqual([
    ['good', 'stopped', undefined],
    ['bad', 'failed', undefined],
  ])
})

test('a part that is not ready at its deadline is a failure that says what was missing', async () => {
  const studio = supervise([answeringPart('slow', { port: await freePort(), how: 'never', deadlineMs: 1500 })])
  await expect(studio.start()).rejects.toMatchObject({
    part: 'slow',
    message: expect.stringMatching(/not ready after .*HTTP 503/) as string,
  })
})

test('a part that is killed comes back under another pid', async () => {
  const studio = supervise([answeringPart('one', { port: await freePort() })], { restart: true })
  await studio.start()
  const first = studio.state('one').pid!
  process.kill(first, 'SIGKILL')
  await eventually('restarted', () => studio.state('one').status === 'ready' && studio.state('one').pid !== first)
  expect(studio.state('one').restarts).toBe(1)
  expect((await fetch(studio.state('one').url!)).status).toBe(200)
})

test('without restarts a dead part is reported down, and can be started again', async () => {
  const down: string[] = []
  const studio = supervise([answeringPart('one', { port: await freePort() })], {
    onDown: (failure) => down.push(failure.message),
  })
  await studio.start()
  process.kill(studio.state('one').pid!, 'SIGKILL')
  await eventually('down', () => studio.state('one').status === 'down')
  expect(down).toEqual(['one: it ended with SIGKILL'])
  await studio.startPart('one')
  await studio.killPart('one')
  expect(studio.state('one')).toMatchObject({ status: 'stopped', pid: undefined })
})

test('a part that ignores its stop signal is killed after its grace', async () => {
  const studio = supervise([answeringPart('one', { port: await freePort(), how: 'stubborn' })])
  await studio.start()
  const identity = identify(studio.state('one').pid!)!
  await studio.stop()
  expect(isAlive(identity)).toBe(false)
})

test('a launcher that is killed leaves no orphans', async () => {
  const launcher = spawn(
    process.execPath,
    ['-C', 'source', join(import.meta.dirname, 'launcher.ts'), String(await freePort()), folder],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [said] = (await once(launcher.stdout, 'data')) as [Buffer]
  const part = identify(Number(said.toString()))!
  expect(isAlive(part)).toBe(true)
  launcher.kill('SIGKILL')
  await eventually('the part has ended', () => !isAlive(part))
})
