import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import {
  addressesOf,
  engineParts,
  findEngines,
  freePorts,
  logFolderOf,
  newSecrets,
  selectParts,
  Supervisor,
  type StackOptions,
} from '@studio/supervisor'

let dataDir: string
let options: StackOptions
let supervisor: Supervisor
beforeAll(async () => {
  // a blank in the path, since a clone may lie anywhere
  dataDir = mkdtempSync(join(tmpdir(), 'studio engines-'))
  options = {
    dataDir,
    ports: await freePorts(),
    secrets: newSecrets(),
    engines: await findEngines({ path: process.env['PATH'] }),
    logLevel: 'info',
    environment: process.env,
    postgresSettings: { fsync: 'off' },
  }
  supervisor = new Supervisor({
    parts: selectParts(engineParts(options), ['postgres', 'nats', 'temporal'], false),
    logFolder: logFolderOf(dataDir),
    restart: false,
  })
  await supervisor.start()
})
afterAll(async () => {
  await supervisor?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

async function query<T extends pg.QueryResultRow>(text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: addressesOf(options).databaseUrl })
  await client.connect()
  try {
    return (await client.query<T>(text)).rows
  } finally {
    await client.end()
  }
}

test('PostgreSQL keeps its data over a kill and a start', async () => {
  await query('create table kept as select 42 as answer')
  await supervisor.killPart('postgres')
  await supervisor.startPart('postgres')
  expect(await query('select answer from kept')).toEqual([{ answer: 42 }])
})

test('Temporal starts again on its data', async () => {
  await supervisor.killPart('temporal')
  await supervisor.startPart('temporal')
  const response = await fetch(`${supervisor.state('temporal').url}/api/v1/namespaces/default/search-attributes`)
  expect(await response.json()).toMatchObject({ customAttributes: { studioRoot: 'INDEXED_VALUE_TYPE_KEYWORD_LIST' } })
})

test('NATS serves JetStream on loopback only', async () => {
  const variables = (await (await fetch(`http://127.0.0.1:${options.ports.natsMonitor}/varz`)).json()) as {
    host: string
    jetstream: { config?: unknown }
  }
  expect(variables.host).toBe('127.0.0.1')
  expect(variables.jetstream.config).toBeDefined()
})
