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
import { emptyDatabase, migratedDatabase, type TestDatabase } from '../src/index.ts'

const run = promisify(execFile)
const services = Object.keys(databaseSchemas) as DatabaseService[]

/** Migrated as in tests, and by Prisma, as at a start of the studio. */
let database: TestDatabase
let deployed: TestDatabase
beforeAll(async () => {
  database = await migratedDatabase(...services)
  deployed = await emptyDatabase()
})
afterAll(async () => {
  await database?.drop()
  await deployed?.drop()
})

/** What Prisma would do to bring a database to the schema of the service, as SQL. */
async function drift(service: DatabaseService, { url }: TestDatabase): Promise<string> {
  const stdout = await prisma(
    service,
    url,
    'diff',
    '--from-config-datasource',
    '--to-schema',
    'prisma/schema.prisma',
    '--script',
  )
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('--'))
    .join('\n')
}

async function prisma(service: DatabaseService, databaseUrl: string, ...args: string[]): Promise<string> {
  const folder = join(projectRoot, serviceFolders[service])
  const url = new URL(databaseUrl)
  url.searchParams.set('schema', databaseSchemas[service])
  const inherited = machineEnvironment(process.env)
  const { stdout } = await run(
    process.execPath,
    [join(folder, 'node_modules/prisma/build/index.js'), 'migrate', ...args],
    {
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
    },
  )
  return stdout
}

test.each(services)(
  'the migrations of %s come to what its schema says',
  async (service) => {
    expect(await drift(service, database)).toBe('')
  },
  60_000,
)

test.each(services)(
  'Prisma deploys the migrations of %s',
  async (service) => {
    await prisma(service, deployed.url, 'deploy')
    expect(await drift(service, deployed)).toBe('')
  },
  60_000,
)

test('what the migrations left out would be seen', async () => {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query('alter table delta.delta drop column original')
  await client.end()
  expect(await drift('delta-engine', database)).toContain('ADD COLUMN     "original"')
}, 60_000)
