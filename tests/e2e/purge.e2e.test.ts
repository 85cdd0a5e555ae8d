import { randomBytes, randomUUID } from 'node:crypto'
import type { PurgeResource, VersionResource } from '@studio/contracts'
import { startStudio, untilQuiet, waitFor, waitForValue, type TestStudio } from '@studio/testing'
import pg from 'pg'
import { user, type User } from './support.ts'
import { findTraces, isInFiles } from './traces.ts'

/** What is deleted can come back until it is purged; what is purged is nowhere, and nothing brings it back. */

const base = '/api/v1/studio'
let studio: TestStudio
let client: pg.Client

beforeAll(async () => {
  studio = await startStudio({
    workers: { 'test-worker': 'tests/providers/main.ts' },
    partEnv: { blob: { STUDIO_PACK_MS: '200' } },
  })
  client = new pg.Client({ connectionString: studio.databaseUrl })
  await client.connect()
}, 180_000)
afterAll(async () => {
  await client?.end()
  await studio?.stop()
})

const alone = { providers: 'none' }
const newUser = () => user(studio.as(randomUUID()))

/** Deletes a blob, purges it, and waits until that is done. */
async function purge(ann: User, id: string): Promise<PurgeResource> {
  expect((await ann.remove(id)).status).toBe(200)
  return ann.purged(id)
}

/** What is not as it must be. */
const divergences = async (ann: User) => (await ann.verified(studio)).report?.findings

/** The hashes of all contents of these blobs, of which the database is to have none after a purge: messages keep them for a day. */
async function hashesOf(...ids: string[]): Promise<string[]> {
  const { rows } = await client.query<{ hash: string }>(
    `select content_hash as hash from blob.version where blob_id = any($1)
     union select unnest(array[base_hash, edited_hash, generated_hash]) from blob.overlay where blob_id = any($1)`,
    [ids],
  )
  return rows.map(({ hash }) => hash)
}

const tablesWith = async (hashes: string[]): Promise<string[]> =>
  (await findTraces(studio, ...hashes)).filter((place) => place.includes('.'))

const content = (ann: User, id: string, version: number) =>
  ann.api.get(`${base}/blobs/${id}/versions/${version}/content`)

test('a planted text is found wherever it is kept, and after the purge nowhere', async () => {
  const ann = newUser()
  const needle = `needle${randomBytes(12).toString('hex')}`
  const other = await ann.create('# Other\n\nanother text, that stays', alone)
  const long = Array.from({ length: 60 }, (_, at) => `Line ${at} of ${randomUUID()} with the ${needle}.`)
  const text = await ann.create(long.join('\n'))
  const document = await ann.create(JSON.stringify({ title: 'a', body: 'b'.repeat(400) }), {
    ...alone,
    content_type: 'application/json',
    metadata: { note: needle },
  })
  await ann.api.request('PATCH', `${base}/blobs/${document.id}`, {
    body: JSON.stringify([{ op: 'add', path: '/title', value: needle }]),
    headers: { 'content-type': 'application/json-patch+json' },
  })
  for (const at of [5, 15, 25, 35, 45]) {
    long[at] = `Line ${at} is another one, and has the ${needle}, too.`
    await ann.edit(text.id, long.join('\n'))
  }
  const large = await ann.api.request('POST', `${base}/blobs`, {
    body: `${needle} ${'x'.repeat(400_000)}`,
    headers: { 'content-type': 'text/plain' },
  })
  const quoted = await ann.create(`fail, and quote ${needle}`, alone)
  const failing = await ann.derive('faulty', { input: quoted.id })
  await waitForValue(
    'a failure',
    () => ann.derivation(failing.id),
    ({ state }) => state === 'failed',
  )
  const stamped = await ann.derive('stamp', { input: text.id }, { configuration: { mark: needle }, label: needle })
  const below = await ann.derive('faulty', { input: stamped.id })
  const report = await ann.derive('report', { texts: [text.id, other.id] })
  const compared = await ann.derive('compare', { before: other.id, after: text.id })
  for (const { id } of [stamped, below, report, compared]) await ann.made(id, 1)
  // Its first output is of no use to anybody now, and recorded.
  await ann.edit(text.id, `${needle} and little else`)
  for (const { id } of [stamped, below, report, compared]) await ann.made(id, 2)
  await waitFor(
    'a patch of what was edited',
    async () => {
      const { rowCount } = await client.query(
        'select from blob.version join blob.content on hash = content_hash where blob_id = $1 and encoding = 2',
        [text.id],
      )
      return rowCount !== 0
    },
    { timeoutMs: 30_000 },
  )

  expect(await findTraces(studio, needle)).toEqual([
    'blob.blob',
    'blob.content',
    'blob.content patches',
    'blob.version',
    'dag.node',
    'dag.run',
    'delta.delta',
  ])
  // Events, histories and logs hold no content, and are searched all the same: ids are found there.
  expect(await findTraces(studio, other.id)).toEqual(expect.arrayContaining(['logs', 'nats', 'temporal']))

  const inFiles = await isInFiles(client, needle)
  expect(inFiles).toBe(studio.backend === 'processes' ? true : undefined)

  const hashes = await hashesOf(
    ...[text, document, quoted, failing, stamped, below, report, compared].map(({ id }) => id),
  )
  expect((await tablesWith(hashes)).length).toBeGreaterThan(4)
  expect((await purge(ann, text.id)).blobs).toBeGreaterThan(4)
  for (const id of [document.id, quoted.id, large.body.data.id as string]) await purge(ann, id)
  expect(await findTraces(studio, needle)).toEqual([])
  await waitForValue(
    'a quiet report',
    () => ann.derivation(report.id),
    ({ state, version }) => state === 'settled' && version >= 3,
  )
  expect(await findTraces(studio, needle)).toEqual([])
  expect(await tablesWith(hashes)).toEqual([])
  expect(await isInFiles(client, needle)).toBe(inFiles && false)
  expect(await divergences(ann)).toEqual([])
}, 240_000)

test('what lives on keeps its history, but for what was made of what has been purged', async () => {
  const ann = newUser()
  const [one, two] = [await ann.create('# One\n\nfirst', alone), await ann.create('# Two\n\nsecond', alone)]
  const report = await ann.derive('report', { texts: [one.id] })
  await ann.made(report.id, 1)
  await ann.api.patch(`${base}/derivations/${report.id}`, { inputs: { texts: [one.id, two.id] } })
  await ann.made(report.id, 2)
  const below = await ann.derive('stamp', { input: report.id })
  await ann.made(below.id, 1)
  const whole = await ann.derive('stamp', { input: two.id })
  await ann.made(whole.id, 1)
  await ann.remove(two.id)
  expect(await ann.made(report.id, 3)).not.toContain('second')
  await ann.made(below.id, 2)
  expect(await ann.purged(two.id)).toMatchObject({ blobs: 2, versions: 2 })

  const versions = await ann.versions(report.id)
  expect(versions.map(({ version, operation, purged: isPurged }) => [version, operation, isPurged])).toEqual([
    [3, 'transform', undefined],
    [2, 'transform', true],
    [1, 'transform', undefined],
  ])
  const statuses = await Promise.all([1, 2, 3].map(async (version) => (await content(ann, report.id, version)).status))
  expect(statuses).toEqual([200, 410, 200])
  expect((await content(ann, report.id, 2)).body).toMatchObject({ code: 'content_purged' })
  expect((await ann.api.get(`${base}/blobs/${report.id}/diff?from=1&to=2`)).body).toMatchObject({
    status: 410,
    code: 'content_purged',
  })
  expect((await ann.api.get(`${base}/blobs/${report.id}/diff?from=1&to=3`)).status).toBe(200)
  expect((await ann.versions(two.id)).map(({ purged: isPurged }) => isPurged)).toEqual([true, true])
  expect((await ann.versions(whole.id)).every((version: VersionResource) => version.purged === true)).toBe(true)
  const [run] = (await ann.runs(report.id)).filter(({ version }) => version === 2)
  const purgedInput = run?.inputs.find(({ blob_id }) => blob_id === two.id)
  expect(purgedInput).toMatchObject({ version: 1, content_type: 'application/octet-stream' })
  expect(purgedInput?.content_hash).not.toBe(two.content_hash)
  const { body } = await ann.api.get(`${base}/blobs/${below.id}/provenance?version=1`)
  const { nodes } = body.data as { nodes: { blob_id: string }[] }
  expect(nodes.map(({ blob_id }) => blob_id).toSorted()).toEqual([below.id, report.id, one.id, two.id].toSorted())
  expect(await divergences(ann)).toEqual([])
}, 120_000)

test('a user’s edit that was made on what is purged goes with it, and the blob is derived anew', async () => {
  const ann = newUser()
  const needle = `needle${randomBytes(12).toString('hex')}`
  const [one, two] = [await ann.create('# One\n\nfirst', alone), await ann.create(`# Two\n\n${needle}`, alone)]
  const report = await ann.derive('report', { texts: [one.id, two.id] })
  const made = await ann.made(report.id, 1)
  await ann.edit(report.id, made.replace('first', 'first, by hand'))
  await ann.made(report.id, 2)
  // What is made without it is made again later.
  const hashes = await hashesOf(two.id, report.id)
  await ann.remove(two.id)
  expect(await ann.made(report.id, 3)).toContain('first, by hand')
  expect(await findTraces(studio, needle)).not.toEqual([])

  await ann.purged(two.id)
  await untilQuiet(studio)
  expect(await findTraces(studio, needle)).toEqual([])
  expect(await tablesWith(hashes)).toEqual([])
  const { version, text, overlay } = await ann.read(report.id)
  expect([overlay, text?.includes('by hand'), text?.includes('first')]).toEqual([null, false, true])
  const numbers = Array.from({ length: version }, (_, at) => at + 1)
  const statuses = await Promise.all(numbers.map(async (number) => (await content(ann, report.id, number)).status))
  expect(statuses).toEqual([...numbers.slice(0, -1).map(() => 410), 200])
  expect((await ann.api.get(`${base}/blobs/${report.id}/overlay`)).status).toBe(404)
  expect(await divergences(ann)).toEqual([])
}, 120_000)

test('a purge is refused for what is not deleted, derived, or another tenant’s, and said twice it is one', async () => {
  const [ann, bob] = [newUser(), newUser()]
  const text = await ann.create('a text', alone)
  const derived = await ann.derive('stamp', { input: text.id })
  await ann.made(derived.id, 1)
  const answers = await Promise.all([
    ann.purge(text.id),
    ann.purge(derived.id),
    bob.purge(text.id),
    ann.purge(randomUUID()),
    ann.api.get(`${base}/purges/${randomUUID()}`),
  ])
  expect(answers.map(({ status, body }) => [status, (body as unknown as { code: string }).code])).toEqual([
    [409, 'blob_not_deleted'],
    [409, 'derived_blob_read_only'],
    [404, 'blob_not_found'],
    [404, 'blob_not_found'],
    [404, 'purge_not_found'],
  ])
  expect((await ann.read(text.id)).text).toBe('a text')
  const { id } = await purge(ann, text.id)
  expect((await ann.purge(text.id)).body.data).toMatchObject({ id, state: 'done' })
  expect((await bob.api.get(`${base}/purges/${id}`)).status).toBe(404)
})

test('what is purged does not come back: by revert, by edit, or by the same request said again', async () => {
  const ann = newUser()
  const key = randomUUID()
  const create = () => ann.api.post(`${base}/blobs`, { text: 'said once', ...alone }, { 'idempotency-key': key })
  const { id, content_hash } = (await create()).body.data as { id: string; content_hash: string }
  await purge(ann, id)
  const answers = await Promise.all([
    ann.api.post(`${base}/blobs/${id}/revert`, { to_version: 1 }),
    ann.api.patch(`${base}/blobs/${id}`, { text: 'again' }),
    ann.api.get(`${base}/blobs/${id}`),
    content(ann, id, 1),
    create(),
    ann.api.post(`${base}/blobs`, { content_id: content_hash, content_type: 'text/plain', ...alone }),
  ])
  expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
    [410, 'content_purged'],
    [410, 'content_purged'],
    [410, 'content_purged'],
    [410, 'content_purged'],
    [409, 'idempotency_conflict'],
    [404, 'content_not_found'],
  ])
  const standIn = (await ann.versions(id))[0]?.content_hash
  const pointed = await ann.api.post(`${base}/blobs`, { content_id: standIn, content_type: 'text/plain', ...alone })
  expect([410, 404]).toContain(pointed.status)
  // Another content of the same bytes is another matter.
  expect((await ann.create('said once', alone)).content_hash).toBe(content_hash)
  expect(await divergences(ann)).toEqual([])
})

test('a run that read what is purged while it ran writes nothing', async () => {
  const ann = newUser()
  const needle = `needle${randomBytes(12).toString('hex')}`
  const [kept, going] = [await ann.create('kept', alone), await ann.create(needle, alone)]
  const joined = await ann.derive('join', { parts: [kept.id, going.id] })
  await ann.made(joined.id, 1)
  const { job_id, blob_id } = await ann.process('slow', going.id, { delay_ms: 4000 })
  await waitFor('the run to be under way', async () => (await ann.job(job_id)).status === 'running')
  await purge(ann, going.id)
  expect((await ann.api.get(`${base}/blobs/${blob_id}`)).status).not.toBe(200)
  // Where the purge took away the run that the deletion had started, what that had written already is a version, too.
  await waitForValue(
    'the join without it',
    () => ann.derivation(joined.id),
    ({ state, version }) => state === 'settled' && version >= 2,
  )
  // What the late attempt says is refused, for as long as it may come.
  await untilQuiet(studio)
  expect(await findTraces(studio, needle)).toEqual([])
  expect(await divergences(ann)).toEqual([])
}, 120_000)

test('a deletion takes what only it feeds and leaves the rest, and its revert brings all of it back', async () => {
  const ann = newUser()
  const [going, staying] = [await ann.create('# One\n\nfirst', alone), await ann.create('# Two\n\nsecond', alone)]
  const fed = await ann.derive('stamp', { input: going.id })
  const below = await ann.derive('stamp', { input: fed.id })
  const report = await ann.derive('report', { texts: [staying.id, fed.id] })
  const compared = await ann.derive('compare', { before: going.id, after: staying.id })
  const all = [fed, below, report, compared]
  for (const { id } of all) await ann.made(id, 1)
  const before = await Promise.all(all.map(async ({ id }) => (await ann.read(id)).text))

  await ann.remove(going.id)
  expect(await ann.made(report.id, 2)).not.toBe(before[2])
  const states = () => Promise.all(all.map(async ({ id }) => (await ann.derivation(id)).state))
  await waitForValue('the deletion to be through', states, (now) => now.join() === 'deleted,deleted,settled,failed')
  expect(await divergences(ann)).toEqual([])

  await ann.api.post(`${base}/blobs/${going.id}/revert`, { to_version: 1 })
  await waitForValue('all to be back', states, (now) => now.every((state) => state === 'settled'))
  expect(await Promise.all(all.map(async ({ id }) => (await ann.read(id)).text))).toEqual(before)
  expect(await divergences(ann)).toEqual([])
}, 120_000)

test('content that another blob has, too, stays for that one', async () => {
  const ann = newUser()
  const [going, twin] = [await ann.create('the same words', alone), await ann.create('the same words', alone)]
  const [ofGoing, ofTwin] = [
    await ann.derive('stamp', { input: going.id }),
    await ann.derive('stamp', { input: twin.id }),
  ]
  for (const { id } of [ofGoing, ofTwin]) await ann.made(id, 1)
  await purge(ann, going.id)
  expect((await ann.read(twin.id)).text).toBe('the same words')
  expect((await ann.read(ofTwin.id)).text).toContain('the same words')
  expect((await content(ann, ofGoing.id, 1)).status).toBe(410)
  expect(await divergences(ann)).toEqual([])
})
