import { randomUUID } from 'node:crypto'
import { startStudio, type TestStudio } from '@studio/testing'
import pg from 'pg'
import { user } from './support.ts'

/** Derivations of one key: one computes, the others take what it records, for as long as it is there. */

let studio: TestStudio

beforeAll(async () => {
  studio = await startStudio({ workers: { 'test-worker': 'tests/providers/main.ts' } })
}, 180_000)
afterAll(() => studio?.stop())

test('of equal texts a slow provider looks at one, all at once or one after another', async () => {
  const ann = user(studio.as(randomUUID()))
  const roots = await Promise.all(Array.from({ length: 8 }, () => ann.create('the same', { providers: 'none' })))
  const made = await Promise.all(
    roots.map(async ({ id }) => (await ann.process('slow', id, { delay_ms: 500 })).blob_id),
  )
  await Promise.all(roots.map(({ id }) => ann.settled(id, 2)))
  const runs = (await Promise.all(made.map((id) => ann.runs(id)))).flat()
  expect(runs.map(({ outcome }) => outcome).sort()).toEqual([...Array<string>(7).fill('memo'), 'version'])
  const texts = await Promise.all(made.map(async (id) => (await ann.read(id)).text))
  expect(new Set(texts).size).toBe(1)
}, 120_000)

test('a recorded output whose content is gone answers nobody: the provider runs again', async () => {
  const ann = user(studio.as(randomUUID()))
  const root = await ann.create('one', { providers: 'none' })
  const { id } = await ann.derive('stamp', { input: root.id })
  const first = await ann.made(id, 1)
  await ann.edit(root.id, 'two')
  await ann.made(id, 2)
  const database = new pg.Client({ connectionString: studio.databaseUrl })
  await database.connect()
  const gone = 'f'.repeat(64)
  const { rowCount } = await database.query(
    'update dag.memo set content_hash = $1 where run_id = (select id from dag.run where blob_id = $2 and version = 1)',
    [gone, id],
  )
  expect(rowCount).toBe(1)
  await ann.edit(root.id, 'one')
  expect(await ann.made(id, 3)).toBe(first)
  expect((await ann.runs(id)).map(({ outcome }) => outcome)).toEqual(['version', 'version', 'version'])
  const { rows } = await database.query('select from dag.memo where content_hash = $1', [gone])
  await database.end()
  expect(rows).toEqual([])
}, 120_000)
