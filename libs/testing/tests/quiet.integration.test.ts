import pg from 'pg'
import { startStudio, untilQuiet, watchWork, type TestStudio, type UnderWay } from '../src/index.ts'

const base = '/api/v1/studio'
const services = ['gateway', 'delta-engine', 'blob', 'dag', 'provider-registry', 'worker'] as const
let studio: TestStudio
let database: pg.Client

beforeAll(async () => {
  studio = await startStudio({ services: [...services] })
  database = new pg.Client({ connectionString: studio.databaseUrl })
  await database.connect()
}, 180_000)
afterAll(async () => {
  await database?.end()
  await studio?.stop()
})

test('a studio is quiet when it has done all, and each thing that is left is seen', async () => {
  const ann = studio.as('ann')
  const create = async (more: object): Promise<string> =>
    (await ann.post(`${base}/blobs`, { text: 'A fox.', ...more })).body.data.id
  await create({ publication: 'atomic' })
  const going = await create({ providers: 'none' })
  await ann.delete(`${base}/blobs/${going}`)
  expect((await ann.post(`${base}/blobs/${going}/purge`)).status).toBe(202)
  await untilQuiet(studio)

  // Nobody is there who could do what is planted now.
  await studio.kill('dag')
  const id = await create({ providers: 'none' })
  const watch = await watchWork(studio)
  try {
    expect(await watch.look()).toMatchObject({ untaken_events: expect.any(Number), unsettled_nodes: 0 })
    await Promise.all(services.filter((name) => name !== 'dag').map((name) => studio.kill(name)))
    const planted: [Exclude<keyof UnderWay, 'untaken_events'>, string][] = [
      ['pending_deltas', `update delta.delta set status = 'pending' where blob_id = '${id}'`],
      ['unrecorded_versions', `delete from delta.delta where blob_id = '${id}'`],
      ['unsettled_nodes', `update dag.node set state = 'running' where provider_id = 'summariser'`],
      ['open_cascades', 'update dag.cascade set settled_at = null'],
      ['awake_cascades', `update dag.tenant set cascades = '[{}]'`],
      ['open_purges', `update dag.purge set done_at = null, secret = '\\x00'`],
      ['untold_publications', `update dag.published set told = false where blob_id = (select root_id from dag.node where provider_id = 'summariser')`],
      ['unsent_events', 'update registry.outbox set sent_at = null where id = (select id from registry.outbox limit 1)'],
    ] // prettier-ignore
    for (const [kind, statement] of planted) {
      const before = (await watch.look())[kind]
      await database.query(statement)
      expect([kind, (await watch.look())[kind]]).toEqual([kind, before + 1])
    }
    expect((await watch.look()).untaken_events).toBeGreaterThan(0)
  } finally {
    await watch.close()
  }
}, 120_000)
