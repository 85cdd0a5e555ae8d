import { Connection } from '@temporalio/client'
import { connect } from '@nats-io/transport-node'
import { jetstreamManager } from '@nats-io/jetstream'
import pg from 'pg'
import { emptyDatabase, startEngines, waitFor } from '../src/index.ts'

test('every engine answers, NATS comes back with its data, and without it when it was wiped', async () => {
  const engines = await startEngines({ postgres: true, nats: true, temporal: true })
  try {
    const database = new pg.Client({ connectionString: engines.databaseUrl })
    await database.connect()
    expect((await database.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await database.end()

    const temporal = await Connection.connect({ address: engines.temporalAddress })
    const { searchAttributes } = {
      searchAttributes: await temporal.operatorService.listSearchAttributes({ namespace: 'default' }),
    }
    expect(Object.keys(searchAttributes.customAttributes ?? {})).toContain('studioTenant')
    await temporal.close()

    await withStreams(engines.natsUrl, (manager) => manager.streams.add({ name: 'KEPT', subjects: ['kept'] }))
    await engines.kill('nats')
    await expect(connect({ servers: engines.natsUrl, timeout: 1000, reconnect: false })).rejects.toThrow()
    await engines.start('nats')
    expect(await withStreams(engines.natsUrl, (manager) => manager.streams.names().next())).toEqual(['KEPT'])
    await engines.wipe('nats')
    expect(await withStreams(engines.natsUrl, (manager) => manager.streams.names().next())).toEqual([])
  } finally {
    await engines.stop()
  }
})

test('a server of its own comes back after a kill', async () => {
  const engines = await startEngines({ postgres: 'own' })
  try {
    const ask = async () => {
      const client = new pg.Client({ connectionString: engines.databaseUrl })
      client.on('error', () => undefined)
      await client.connect()
      return client
        .query('select count(*)::int as n from kept')
        .then(({ rows }) => rows[0])
        .finally(() => client.end())
    }
    const client = new pg.Client({ connectionString: engines.databaseUrl })
    client.on('error', () => undefined)
    await client.connect()
    await client.query('create table kept as select 1 as one')
    await engines.kill('postgres')
    await engines.start('postgres')
    expect(await ask()).toEqual({ n: 1 })
  } finally {
    await engines.stop()
  }
})

test('databases are apart, and gone when they are dropped', async () => {
  const [a, b] = await Promise.all([emptyDatabase(), emptyDatabase()])
  expect(a.url).not.toBe(b.url)
  await a.drop()
  await waitFor('the dropped database to refuse', async () => {
    const client = new pg.Client({ connectionString: a.url })
    return client.connect().then(
      () => client.end().then(() => false),
      (error: Error) => error.message.includes('does not exist'),
    )
  })
  await b.drop()
})

test('an address that was not asked for says so', async () => {
  const engines = await startEngines({})
  expect(() => engines.natsUrl).toThrow('nats was not asked for')
  await engines.stop()
})

async function withStreams<T>(
  servers: string,
  use: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>,
) {
  const connection = await connect({ servers })
  try {
    return await use(await jetstreamManager(connection))
  } finally {
    await connection.close()
  }
}
