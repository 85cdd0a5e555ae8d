import { execFile } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import {
  databaseSchemas,
  machineEnvironment,
  projectRoot,
  serviceFolders,
  type DatabaseService,
} from '@studio/supervisor'
import pg from 'pg'
import { migratedDatabase, type TestDatabase } from '../src/index.ts'

const run = promisify(execFile)
const services = Object.keys(databaseSchemas) as DatabaseService[]

let database: TestDatabase
beforeAll(async () => {
  database = await migratedDatabase(...services)
})
afterAll(() => database?.drop())

/** What Prisma would do to bring the database of the migrations to the schema of the service, as SQL. */
async function drift(service: DatabaseService): Promise<string> {
  const folder = join(projectRoot, serviceFolders[service])
  const url = new URL(database.url)
  url.searchParams.set('schema', databaseSchemas[service])
  const inherited = machineEnvironment(process.env)
  const diff = ['migrate', 'diff', '--from-config-datasource', '--to-schema', 'prisma/schema.prisma', '--script']
  const { stdout } = await run(process.execPath, [join(folder, 'node_modules/prisma/build/index.js'), ...diff], {
    cwd: folder,
    env: {
      ...inherited,
      PATH: [dirname(process.execPath), inherited['PATH']].join(delimiter),
      DATABASE_URL: url.href,
      PRISMA_SCHEMA_ENGINE_BINARY:
        process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ?? join(projectRoot, 'tools/prisma-schema-engine.mjs'),
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  })
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('--'))
    .join('\n')
}

test.each(services)(
  'the migrations of %s come to what its schema says',
  async (service) => {
    expect(await drift(service)).toBe('')
  },
  60_000,
)

test('what the migrations left out would be seen', async () => {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query('alter table delta.delta drop column original')
  await client.end()
  expect(await drift('delta-engine')).toContain('ADD COLUMN     "original"')
}, 60_000)
