import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { BlobResource } from '@studio/contracts'
import { startStudio, untilQuiet, waitFor, type TestStudio } from '@studio/testing'
import pg from 'pg'
import { gate, user, type User } from './support.ts'

/**
 * Each service and the worker dies by SIGKILL at named points of an edit's cascade and is started again. Every time the cascade
 * completes, each blob gains one version and not two, and every version has left as an event.
 */

let studio: TestStudio
let database: pg.Client

beforeAll(async () => {
  studio = await startStudio({
    env: { STUDIO_LEASE_MS: '3000', STUDIO_RECONCILE_MS: '1000', STUDIO_SWEEP_MS: '1000', STUDIO_PENDING_MS: '2000' },
    workers: { 'test-worker': 'tests/providers/main.ts' },
  })
  database = new pg.Client({ connectionString: studio.databaseUrl })
  await database.connect()
}, 180_000)

afterAll(async () => {
  await database?.end()
  await studio?.stop()
})

const points = [
  ['delta-engine', 'delta.pending.after'],
  ['delta-engine', 'delta.committed'],
  ['blob', 'blob.commit.before'],
  ['blob', 'blob.commit.after'],
  ['blob', 'relay.publish.before'],
  ['blob', 'relay.publish.after'],
  ['dag', 'dag.events.before'],
  ['dag', 'dag.events.after'],
  ['dag', 'dag.claim.before'],
  ['dag', 'dag.claim.after'],
  ['dag', 'dag.settle.before'],
  ['dag', 'dag.settle.after'],
  ['dag', 'relay.publish.before'],
  ['delta-engine', 'relay.publish.after'],
  ['worker', 'worker.claimed'],
  ['worker', 'worker.computed'],
  ['worker', 'worker.committed'],
  ['provider-registry', 'registry.match.before'],
  ['provider-registry', 'registry.match.after'],
  ['gateway', 'gateway.submit.before'],
  ['gateway', 'gateway.submit.after'],
] as const

test.each(points)(
  '%s dies at %s: the cascade completes, with one version a change',
  async (part, point) => {
    const ann = user(studio.as(`${part} ${point}`))
    const text = await ann.create(`Before the fault at ${point} there was this sentence, and nothing else.`)
    await ann.settled(text.id, 4)
    await untilQuiet(studio)

    const proof = join(studio.folder, `${point}-${randomUUID()}`)
    try {
      await studio.restart(part, { env: { STUDIO_FAILPOINTS: `${point}=${proof}` } })
      const editing = editUntilAnswered(
        ann,
        text.id,
        `After the fault at ${point} the sentence speaks of a lighthouse.`,
      )
      await studio.died(part)
      expect(existsSync(proof)).toBe(true)
      await studio.start(part)
      expect((await editing).version).toBe(2)
    } catch (error) {
      // What went wrong at one point is not to be told at all that follow.
      await studio.restart(part)
      throw error
    }
    await ann.settled(text.id, 4)
    await expectOneVersionEach(ann, text.id, 'lighthouse')
  },
  180_000,
)

test.each([
  ['delta-engine', 'delta.pending.after'],
  ['blob', 'blob.commit.written'],
  ['blob', 'blob.commit.after'],
  ['delta-engine', 'delta.committed'],
  ['gateway', 'gateway.submit.after'],
] as const)(
  '%s dies at %s of a batch: all of it is done, once',
  async (part, point) => {
    const api = studio.as(`batch ${part} ${point}`)
    const ann = user(api)
    const [one, other] = [
      await ann.create('one', { providers: 'none' }),
      await ann.create('other', { providers: 'none' }),
    ]
    await untilQuiet(studio)
    const proof = join(studio.folder, `${point}-${randomUUID()}`)
    const operations = [
      { op: 'update', blob_id: one.id, text: 'one more' },
      { op: 'update', blob_id: other.id, text: 'another' },
      { op: 'update', blob_id: one.id, text: 'one more again' },
    ]
    try {
      await studio.restart(part, { env: { STUDIO_FAILPOINTS: `${point}=${proof}` } })
      const headers = { 'idempotency-key': randomUUID() }
      const sending = waitFor(
        'the batch to be answered',
        async () => (await api.post('/api/v1/studio/batches', { operations }, headers)).status === 200,
        { timeoutMs: 90_000, intervalMs: 200 },
      )
      await studio.died(part)
      expect(existsSync(proof)).toBe(true)
      // All or none, whoever looks: what was written is not there while its transaction is open.
      const heads = await database.query<{ version: number }>(
        'select version from blob.blob where id = any($1) order by version',
        [[one.id, other.id]],
      )
      expect([
        [1, 1],
        [2, 3],
      ]).toContainEqual(heads.rows.map(({ version }) => version))
      await studio.start(part)
      await sending
    } catch (error) {
      await studio.restart(part)
      throw error
    }
    expect((await ann.versions(one.id)).map(({ version }) => version)).toEqual([3, 2, 1])
    expect((await ann.versions(other.id)).map(({ version }) => version)).toEqual([2, 1])
    expect([(await ann.read(one.id)).text, (await ann.read(other.id)).text]).toEqual(['one more again', 'another'])
    await untilQuiet(studio)
    const applied = async (id: string) => (await ann.deltas(id)).filter(({ status }) => status === 'applied')
    expect([await applied(one.id), await applied(other.id)].map(({ length }) => length)).toEqual([3, 2])
  },
  180_000,
)

test('killed while a provider runs, the worker takes the run up again after its restart', async () => {
  const ann = user(studio.as('slow'))
  const text = await ann.create('A text that takes its time.', { providers: 'none' })
  const { held_by, shut, open } = gate(studio)
  await shut()
  const { job_id, blob_id } = await ann.process('slow', text.id, { delay_ms: 1, held_by })
  await waitFor('the run to be under way', async () => (await ann.job(job_id)).status === 'running')
  await studio.restart('test-worker')
  await open()
  expect(await ann.ended(job_id)).toMatchObject({ status: 'succeeded', run: { outcome: 'version', version: 1 } })
  expect((await ann.read(blob_id)).text).toContain('takes its time')
}, 120_000)

test('with every service and the worker killed at once, the cascade completes after the restart', async () => {
  const ann = user(studio.as('all at once'))
  const text = await ann.create('Everything runs, and then nothing does.')
  await ann.settled(text.id, 4)
  await ann.edit(text.id, 'Everything falls silent, and then the harbour wakes again.')
  const parts = ['gateway', 'delta-engine', 'blob', 'dag', 'provider-registry', 'worker'] as const
  await Promise.all(parts.map((part) => studio.kill(part)))
  await Promise.all(parts.map((part) => studio.start(part)))
  await ann.settled(text.id, 4)
  await expectOneVersionEach(ann, text.id, 'harbour')
}, 180_000)

/** A client that does not know whether its edit was taken says it again under the same key, until it is answered. */
async function editUntilAnswered(ann: User, id: string, text: string): Promise<BlobResource> {
  const headers = { 'idempotency-key': randomUUID() }
  return await waitFor('the edit to be answered', () => ann.edit(id, text, headers), {
    timeoutMs: 90_000,
    intervalMs: 200,
  })
}

async function expectOneVersionEach(ann: User, id: string, word: string): Promise<void> {
  // Also of the deltas that a crash left out.
  await untilQuiet(studio)
  const graph = await ann.graph(id)
  expect(graph.nodes.map((node) => [node.provider_id, node.state, node.version])).toEqual(
    graph.nodes.map((node) => [node.provider_id, 'settled', 2]),
  )
  expect((await ann.derived(id))['text-expander']?.text).toContain(word)
  const ids = graph.nodes.map((node) => node.blob_id)
  for (const blobId of ids) {
    const [versions, deltas] = await Promise.all([ann.versions(blobId), ann.deltas(blobId)])
    expect(versions.map((version) => version.version)).toEqual([2, 1])
    // One that died before its commit is failed for good and has no version; what the client said again took its place.
    expect(deltas.filter((delta) => delta.status === 'applied').map((delta) => delta.to_version)).toEqual([2, 1])
    expect(deltas.filter((delta) => delta.status === 'failed').map((delta) => delta.to_version)).toEqual(
      deltas.slice(2).map(() => null),
    )
  }
  const { rows: told } = await database.query<{ blob_id: string; version: number }>(
    `select distinct fact->>'blob_id' as blob_id, (fact->>'version')::int as version
     from blob.outbox, json_array_elements(event->'data'->'facts') as fact where fact->>'blob_id' = any($1) and sent_at is not null`,
    [ids],
  )
  expect(told.map((row) => `${row.blob_id} ${row.version}`).sort()).toEqual(
    ids.flatMap((blobId) => [`${blobId} 1`, `${blobId} 2`]).sort(),
  )
}
