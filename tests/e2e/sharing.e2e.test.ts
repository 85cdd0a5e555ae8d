import { randomUUID } from 'node:crypto'
import { startStudio, type TestStudio } from '@studio/testing'
import { user } from './support.ts'

/** Two derivations of one key: one computes, the other takes what it records. */

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
