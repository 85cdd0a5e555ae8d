import { randomUUID } from 'node:crypto'
import type { RunResource } from '@studio/contracts'
import { startStudio, waitForValue, type TestStudio } from '@studio/testing'
import { user } from './support.ts'

/** Many edits in a row: the newest one counts, what it supersedes is not worked off in vain, and a slow provider finishes all the same. */

let studio: TestStudio

beforeAll(async () => {
  studio = await startStudio({
    workers: { 'test-worker': 'tests/providers/main.ts' },
    partEnv: { dag: { STUDIO_PATIENCE_MS: '1000' } },
  })
}, 180_000)
afterAll(() => studio?.stop())

test('fifty edits at once cascade to the newest, with fewer runs than edits', async () => {
  const ann = user(studio.as(randomUUID()))
  const root = await ann.create('edit 0', { providers: 'none' })
  const { blob_id } = await ann.process('slow', root.id, { delay_ms: 100 })
  await ann.made(blob_id, 1)
  await Promise.all(Array.from({ length: 50 }, (_, at) => ann.edit(root.id, `edit ${at + 1}`)))
  await ann.settled(root.id, 2)
  const [newest, ...before] = await ann.runs(blob_id)
  expect(newest?.inputs).toMatchObject([{ blob_id: root.id, version: 51 }])
  expect((await ann.read(blob_id)).text).toBe(`after 100 ms: ${(await ann.read(root.id)).text}`)
  expect(before.length).toBeLessThan(15)
}, 120_000)

test('under steady edits a slow provider finishes now and then, and what it made is remembered', async () => {
  const ann = user(studio.as(randomUUID()))
  const root = await ann.create('letter 0', { providers: 'none' })
  const { blob_id } = await ann.process('slow', root.id, { delay_ms: 700 })
  await ann.made(blob_id, 1)
  let edits = 0
  // Nobody pauses until a run has come through. (One that was taken away in its last moment has made a version, too.)
  const finished = await waitForValue(
    'a run that came through while the edits went on',
    async () => {
      await Promise.all(Array.from({ length: 5 }, () => ann.edit(root.id, `letter ${(edits += 1)}`)))
      return (await ann.runs(blob_id))[0]?.version ?? 0
    },
    (version) => version >= 3 && edits >= 20,
    { timeoutMs: 60_000, intervalMs: 1 },
  )
  // What has come through is not of the newest letter, however slow the machine is.
  await ann.edit(root.id, 'the last letter')
  await ann.settled(root.id, 2)
  const { body } = await ann.api.get(`/api/v1/studio/blobs/${blob_id}/runs?limit=200`)
  const runs = body.data as RunResource[]
  expect(runs.length).toBeLessThan(edits)
  // Each run says what it read, and was remembered for it: going back there runs nothing.
  const one = runs.find(({ version }) => version === finished)
  const read = one?.inputs[0]?.version ?? 0
  expect(read).toBeGreaterThan(1)
  const before = await ann.read(blob_id)
  await ann.api.post(`/api/v1/studio/blobs/${root.id}/revert`, { to_version: read })
  await ann.settled(root.id, 2)
  const [last] = await ann.runs(blob_id)
  expect(last?.outcome).toBe('memo')
  expect((await ann.read(blob_id)).content_hash).toBe(one?.content_hash)
  expect(before.version).toBeGreaterThan(finished)
}, 120_000)
