import { createLogger } from '@studio/telemetry'
import {
  addressesOf,
  engineParts,
  findEngines,
  freePorts,
  logFolderOf,
  newSecrets,
  selectParts,
  Supervisor,
} from '@studio/supervisor'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createDatabase,
  isUniqueViolation,
  postgresCode,
  prismaAdapter,
  type Database,
  type Transaction,
} from '../src/index.ts'

const log = createLogger({ service: 'database-test', level: 'silent' })
let dataDir: string
let supervisor: Supervisor
let url: string
let database: Database

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'studio-database-'))
  const options = {
    dataDir,
    ports: await freePorts(),
    secrets: newSecrets(),
    engines: await findEngines({ path: process.env['PATH'] }),
    logLevel: 'info' as const,
    environment: process.env,
    postgresSettings: { fsync: 'off' },
  }
  supervisor = new Supervisor({
    parts: selectParts(engineParts(options), ['postgres'], false),
    logFolder: logFolderOf(dataDir),
    restart: false,
  })
  await supervisor.start()
  url = addressesOf(options).databaseUrl
  database = createDatabase({ url, schema: 'counting', log })
  await database.pool.query(
    `create schema counting; create table counting.counter (id text primary key, value bigint not null, at timestamptz, note jsonb)`,
  )
}, 60_000)
afterAll(async () => {
  await database.close()
  await supervisor.stop()
  await rm(dataDir, { recursive: true, force: true })
}, 30_000)
beforeEach(() => database.pool.query('truncate counter'))

const insert = (id: string, value: number) =>
  database.execute('insert', 'insert into counter (id, value) values ($1, $2)', [id, value])

test('statements are not compiled, whatever the database does by itself', async () => {
  await database.pool.query('alter database studio set jit = on')
  const fresh = createDatabase({ url, schema: 'counting', log })
  expect(await fresh.query('show-jit', 'show jit')).toEqual([{ jit: 'off' }])
  await fresh.close()
})

test('names without a schema are the service’s own; columns have the stated types', async () => {
  expect(
    await database.execute('insert-all', 'insert into counter values ($1, $2, $3, $4)', [
      'a',
      2 ** 40,
      new Date(0),
      { deep: [1] },
    ]),
  ).toBe(1)
  expect(await database.query('read', 'select * from counter')).toEqual([
    { id: 'a', value: 2 ** 40, at: new Date(0), note: { deep: [1] } },
  ])
})

test('a number that a double cannot hold is refused, not rounded', async () => {
  await expect(database.query('huge', 'select 9007199254740993::bigint as value')).rejects.toThrow('does not fit')
  expect(await database.query('after', 'select 1 as one')).toEqual([{ one: 1 }])
})

test('a second row of a key is a unique violation of its constraint', async () => {
  await insert('a', 1)
  const error: unknown = await insert('a', 2).catch((fault: unknown) => fault)
  expect(isUniqueViolation(error, 'counter_pkey')).toBe(true)
  expect(postgresCode(error)).toBe('23505')
})

test('a transaction that throws leaves nothing behind', async () => {
  const work = database.transaction(async (transaction) => {
    await transaction.execute('insert', 'insert into counter (id, value) values ($1, $2)', ['a', 1])
    throw new Error('changed my mind')
  })
  await expect(work).rejects.toThrow('changed my mind')
  expect(await database.query('read', 'select * from counter')).toEqual([])
})

const put = (transaction: Transaction, id: string, value: number) =>
  transaction.send('insert', 'insert into counter (id, value) values ($1, $2)', [id, value])

test('what is sent goes on the way with what comes next, in its order, and with the commit at the latest', async () => {
  const seen = await database.transaction(async (transaction) => {
    await put(transaction, 'a', 1)
    await transaction.send('add', 'update counter set value = value + 1')
    const rows = await transaction.query<{ value: number }>('values', 'select value from counter')
    await put(transaction, 'b', 7)
    return rows
  })
  expect(seen).toEqual([{ value: 2 }])
  expect(await database.query('sorted', 'select id, value from counter order by id')).toEqual([
    { id: 'a', value: 2 },
    { id: 'b', value: 7 },
  ])
})

const isTaken = (error: unknown) => isUniqueViolation(error, 'counter_pkey')

test.each([
  ['its error at the commit', () => Promise.resolve(), isTaken],
  ['its error at the next statement', (tx: Transaction) => tx.query('one', 'select 1 as one'), isTaken],
  [
    'the error of the work that goes before it',
    () => Promise.reject(new Error('changed my mind')),
    (error: unknown) => error instanceof Error && error.message === 'changed my mind',
  ],
])('where one fails the transaction has %s', async (_which, goOn, isRight) => {
  const work = database.transaction(async (transaction) => {
    await put(transaction, 'a', 1)
    await put(transaction, 'a', 2)
    await put(transaction, 'b', 3)
    await goOn(transaction)
  })
  expect(await work.catch((error: unknown) => isRight(error))).toBe(true)
  expect(await database.query('read', 'select * from counter')).toEqual([])
})

test('transactions that only send and collide run again until all are done', async () => {
  await insert('a', 0)
  await insert('b', 0)
  const attempts: string[] = []
  const swap = (first: string, second: string) =>
    database.transaction(async (transaction) => {
      const bump = 'update counter set value = value + 1 where id = $1'
      await transaction.query('bump', bump, [first])
      attempts.push(first)
      await barrier(attempts)
      await transaction.send('bump', bump, [second])
    })
  await Promise.all([swap('a', 'b'), swap('b', 'a')])
  expect(attempts.length).toBeGreaterThan(2)
  expect(await database.query('sorted', 'select id, value from counter order by id')).toEqual([
    { id: 'a', value: 2 },
    { id: 'b', value: 2 },
  ])
})

/** Until both have the row that the other one asks for next. */
const barrier = async (attempts: readonly string[]): Promise<void> => {
  while (attempts.length < 2) await new Promise((resolve) => setTimeout(resolve, 1))
}

test('transactions that collide run again until all are done', async () => {
  await insert('a', 0)
  const increment = () =>
    database.transaction(
      async (transaction) => {
        const [row] = await transaction.query<{ value: number }>('value', 'select value from counter where id = $1', [
          'a',
        ])
        await transaction.execute('set', 'update counter set value = $2 where id = $1', ['a', (row?.value ?? 0) + 1])
      },
      { isolation: 'serializable' },
    )
  await Promise.all([increment(), increment(), increment()])
  expect(await database.query('value', 'select value from counter where id = $1', ['a'])).toEqual([{ value: 3 }])
})

test('prisma’s adapter works on the same pool and schema', async () => {
  await insert('a', 7)
  const adapter = await prismaAdapter(database).connect()
  expect(adapter.getConnectionInfo?.()).toMatchObject({ schemaName: 'counting' })
  const { rows } = await adapter.queryRaw({ sql: 'select value from counter', args: [], argTypes: [] })
  expect(rows.map((row) => row.map(String))).toEqual([['7']])
  await adapter.dispose()
  await database.ping()
})

/** A server that takes a connection and in the same breath says that it goes away, as one does whose parent has just died. */
const greeting = (): Buffer => {
  const message = (type: string, body: Buffer): Buffer => {
    const head = Buffer.alloc(5)
    head.write(type)
    head.writeInt32BE(body.length + 4, 1)
    return Buffer.concat([head, body])
  }
  const fields = ['SFATAL', 'C57P01', 'Mterminating connection due to unexpected postmaster exit', '']
  return Buffer.concat([
    message('R', Buffer.alloc(4)),
    message('Z', Buffer.from('I')),
    message('E', Buffer.from(fields.map((field) => `${field}\0`).join(''))),
  ])
}

test('a connection that breaks as soon as it is there fails its transaction, and nothing else', async () => {
  const server = createServer((socket) => {
    socket.once('data', () => socket.end(greeting()))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const dying = createDatabase({ url: `postgres://nobody@127.0.0.1:${port}/studio`, schema: 'counting', log })
  await expect(dying.transaction(() => Promise.resolve())).rejects.toMatchObject({ code: 'dependency_unavailable' })
  await expect(dying.ping()).rejects.toMatchObject({ code: 'dependency_unavailable' })
  await dying.close()
  server.close()
})

const answers = () =>
  database.ping().then(
    () => true,
    () => false,
  )

test('a database that is away is an unavailable dependency, and is found again when it is back', async () => {
  await supervisor.killPart('postgres')
  // Server processes live on for a moment after their killed parent.
  while (await answers()) await new Promise((resolve) => setTimeout(resolve, 20))
  await expect(database.ping()).rejects.toMatchObject({ code: 'dependency_unavailable' })
  await expect(database.transaction(() => Promise.resolve())).rejects.toMatchObject({ code: 'dependency_unavailable' })
  await supervisor.startPart('postgres')
  await database.ping()
}, 30_000)
