import { startStudio, waitFor, type TestStudio } from '@studio/testing'
import { gate, user } from './support.ts'

/** PostgreSQL alone is the truth: an emptied NATS or Temporal loses no work, only time. */

let studio: TestStudio

beforeAll(async () => {
  studio = await startStudio({
    env: { STUDIO_LEASE_MS: '3000', STUDIO_RECONCILE_MS: '1000' },
    workers: { 'test-worker': 'tests/providers/main.ts' },
  })
}, 180_000)

afterAll(() => studio?.stop())

test('NATS is emptied while it holds an edit that nobody has taken: the edit still cascades', async () => {
  const ann = user(studio.as('nats'))
  const text = await ann.create('Before NATS was emptied, this text spoke of rain.')
  await ann.settled(text.id, 4)
  await studio.kill('dag')
  await ann.edit(text.id, 'After NATS was emptied, this text speaks of thunder.')
  await studio.wipe('nats')
  await studio.start('dag')
  await ann.settled(text.id, 4, 90_000)
  expect((await ann.derived(text.id))['text-expander']).toMatchObject({ version: 2 })
  expect((await ann.derived(text.id))['summariser']?.text).toBeTruthy()

  const next = await ann.create('A new text, after all that, finds everything as it should be.')
  await ann.settled(next.id, 4)
}, 180_000)

test('edits are taken while NATS is away, and cascade when it is back', async () => {
  const ann = user(studio.as('nats away'))
  const text = await ann.create('A text with NATS at hand, about a morning in spring.')
  await ann.settled(text.id, 4)
  await studio.kill('nats')
  expect((await ann.edit(text.id, 'A text without NATS, about an evening in autumn.')).version).toBe(2)
  await studio.start('nats')
  await ann.settled(text.id, 4, 90_000)
  expect((await ann.derived(text.id))['text-expander']?.text).toContain('autumn')
}, 180_000)

test('Temporal is emptied in the middle of a cascade: the work is started again', async () => {
  const ann = user(studio.as('temporal'))
  const text = await ann.create('A text that is under way when Temporal forgets everything.', { providers: 'none' })
  const { held_by, shut, open } = gate(studio)
  await shut()
  const { job_id } = await ann.process('slow', text.id, { delay_ms: 1, held_by })
  await waitFor('the run to be under way', async () => (await ann.job(job_id)).status === 'running')
  await studio.wipe('temporal')
  await open()
  expect(await ann.ended(job_id, 120_000)).toMatchObject({ status: 'succeeded', run: { version: 1 } })
}, 240_000)

test('edits are taken while Temporal is away, and cascade when it is back, emptied', async () => {
  const ann = user(studio.as('temporal away'))
  const text = await ann.create('A text with Temporal at hand, and a candle in the window.')
  await ann.settled(text.id, 4)
  await studio.kill('temporal')
  expect((await ann.edit(text.id, 'A text without Temporal, and a lantern in the window.')).version).toBe(2)
  await studio.wipe('temporal')
  await ann.settled(text.id, 4, 120_000)
  expect((await ann.derived(text.id))['text-expander']?.text).toContain('lantern')
}, 240_000)
