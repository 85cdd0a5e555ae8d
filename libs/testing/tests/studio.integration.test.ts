import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { projectRoot } from '@studio/supervisor'
import pg from 'pg'
import { startStudio, waitFor, type TestStudio } from '../src/index.ts'

const dockerAnswers = await promisify(execFile)('docker', ['version'], { timeout: 10_000 }).then(
  () => true,
  () => false,
)
const backends = [
  ['processes', it],
  ['containers', dockerAnswers ? it : it.skip],
] as const

describe.each(backends)('a studio in %s', (backend, run) => {
  let studio: TestStudio | undefined
  afterEach(() => studio?.stop())

  run('survives what the fault tests do to it', async () => {
    studio = await startStudio({ backend, services: ['blob'], env: { LOG_LEVEL: 'debug' } })
    const blob = studio.serviceUrl('blob')
    const ready = () => fetch(`${blob}/readyz`).then(({ status }) => status)
    expect(await ready()).toBe(200)

    await studio.kill('blob')
    await expect(fetch(`${blob}/healthz`)).rejects.toThrow()
    await studio.start('blob')
    expect(await ready()).toBe(200)

    await studio.terminate('blob')
    await expect(fetch(`${blob}/healthz`)).rejects.toThrow()
    await studio.start('blob', { env: { LOG_LEVEL: 'fatal' } })
    expect(await ready()).toBe(200)

    const database = new pg.Client({ connectionString: studio.databaseUrl })
    database.on('error', () => undefined)
    await database.connect()
    await database.query('create table public.kept as select 1 as one')
    await studio.kill('postgres')
    await studio.start('postgres')
    await studio.wipe('nats')
    await studio.wipe('temporal')
    const again = new pg.Client({ connectionString: studio.databaseUrl })
    await again.connect()
    expect((await again.query('select one from public.kept')).rows).toEqual([{ one: 1 }])
    await again.end()
    await waitFor('blob to be ready on the restarted engines', async () => (await ready()) === 200)
    expect(studio.logs('blob')).toContain('"message":"listening"')
  })

  run('a process that ends itself by SIGKILL, as failpoints do, is dead', async () => {
    const suicide = join(import.meta.dirname, 'kills-itself.ts')
    studio = await startStudio({ backend, services: [], workers: { suicide } })
    await fetch(`${studio.serviceUrl('suicide')}/die`).catch(() => undefined)
    await studio.died('suicide')
    await studio.start('suicide')
  })

  run('says why a part did not come up, and leaves nothing', async () => {
    const started = startStudio({ backend, services: ['blob'], env: { LOG_LEVEL: 'shouting' } })
    await expect(started).rejects.toThrow(/LOG_LEVEL/)
  })
})

test('names are tenants of one studio only', async () => {
  const studio = await startStudio({ backend: 'processes', services: [] })
  try {
    expect(studio.tenantOf('alice')).toBe(studio.tenantOf('alice'))
    expect(studio.tenantOf('alice')).not.toBe(studio.tenantOf('bob'))
    const [, payload] = studio.tokenFor('alice').split('.')
    expect(JSON.parse(Buffer.from(payload!, 'base64url').toString())).toMatchObject({ sub: studio.tenantOf('alice') })
  } finally {
    await studio.stop()
  }
})

test('nothing is left when the test process is killed', async () => {
  const child = spawn(process.execPath, ['-C', 'source', join(import.meta.dirname, 'studio-until-killed.ts')], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const line = await new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve))
  const { pids } = JSON.parse(line) as { pids: number[] }
  expect(pids).toHaveLength(3)
  child.kill('SIGKILL')
  await waitFor('the engines to be gone', () => pids.every((pid) => !existsSync(`/proc/${pid}`)))
})
