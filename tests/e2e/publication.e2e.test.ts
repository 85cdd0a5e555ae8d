import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { BlobResource, CascadeResource, PublishedResource } from '@studio/contracts'
import { startStudio, untilQuiet, waitFor, waitForValue, type Api, type TestStudio } from '@studio/testing'
import { base, expectStatus } from './deltas-support.ts'
import { user, type User } from './support.ts'

/**
 * What readers see of sources that are published atomically: all of the old state or all of the new, whoever edits and whatever dies meanwhile. The providers are deterministic, so that
 * the content of each derived blob tells of which sources it was made.
 */

let studio: TestStudio

beforeAll(async () => {
  studio = await startStudio({
    env: { STUDIO_LEASE_MS: '3000', STUDIO_RECONCILE_MS: '500', STUDIO_SWEEP_MS: '1000', STUDIO_PENDING_MS: '2000' },
    workers: { 'test-worker': 'tests/providers/main.ts' },
  })
}, 180_000)

afterAll(() => studio?.stop())

const atomic = { providers: 'none', publication: 'atomic' }
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const ending = (text: string): string =>
  text
    .slice(text.lastIndexOf('\n') + 1)
    .split(' ')
    .slice(0, 12)
    .join(' ')
const stamped = (text: string): string => `${sha256(`\n${text}`)}\n${ending(text)}`
const joined = (...parts: string[]): string =>
  `${sha256(['', ...parts.map(sha256)].join('\n'))}\n${ending(parts[0] ?? '')}`

function reader(api: Api) {
  return {
    set: (id: string) => expectStatus<PublishedResource>(200, api.get(`${base}/blobs/${id}/published?include=content`)),
    one: (id: string, query = '') =>
      expectStatus<BlobResource>(200, api.get(`${base}/blobs/${id}?include=content${query}`)),
    status: async (id: string) => (await api.get(`${base}/blobs/${id}`)).status,
  }
}

const textsOf = ({ blobs }: PublishedResource) => new Map(blobs.map(({ id, text }) => [id, text ?? '']))

/** A source with a chain of two, another source, and a blob of the chain and the other one. */
interface Notes {
  one: string
  other: string
  first: string
  second: string
  both: string
}

async function writeNotes(ann: User): Promise<Notes> {
  const one = await ann.create('one 1', atomic)
  const other = await ann.create('other 1', atomic)
  const first = await ann.derive('stamp', { input: one.id })
  const second = await ann.derive('stamp', { input: first.id })
  const both = await ann.derive('join', { parts: [one.id, second.id, other.id] })
  return { one: one.id, other: other.id, first: first.id, second: second.id, both: both.id }
}

/** What the blobs must be, given what readers see of the sources. */
function expectWhole(notes: Notes, texts: ReadonlyMap<string, string>, other: string | undefined): void {
  const one = texts.get(notes.one) ?? ''
  const expected = new Map([
    [notes.one, one],
    [notes.first, stamped(one)],
    [notes.second, stamped(stamped(one))],
  ])
  if (other !== undefined) expected.set(notes.both, joined(one, stamped(stamped(one)), other))
  expect([...texts].sort()).toEqual([...expected].sort())
}

const published = (ann: User, id: string, text: string) =>
  waitForValue(
    `${id} to be published as ${text}`,
    async () => (await ann.api.get(`${base}/blobs/${id}?include=content`)).body.data?.text,
    (seen) => seen === text,
    {
      timeoutMs: 90_000,
    },
  )

/** Looks while nothing can be derived or tombstoned, since nobody is there who would. */
async function whileNothingIsMade(look: () => Promise<void>): Promise<void> {
  await studio.kill('worker')
  try {
    await look()
  } finally {
    await studio.start('worker')
  }
}

test('blobs appear together, change together, go together, and their heads can be read all the time', async () => {
  const api = studio.as('together')
  const ann = user(api)
  const read = reader(api)
  const one = await ann.create('one 1', atomic)
  expect(one).toMatchObject({ version: 1, publication: 'atomic' })
  await published(ann, one.id, 'one 1')
  const statuses = (ids: readonly string[]) => Promise.all(ids.map(read.status))
  let slow = ''
  await whileNothingIsMade(async () => {
    slow = (await ann.derive('slow', { input: one.id }, { configuration: { delay_ms: 100 } })).id
    expect(await read.status(slow)).toBe(404)
    expect((await api.get(`${base}/blobs/${slow}`)).body).toMatchObject({
      code: expect.stringMatching(/blob_not_(published|found)/),
    })
  })
  await published(ann, slow, 'after 100 ms: one 1')
  expect((await read.set(one.id)).blobs).toHaveLength(2)

  await whileNothingIsMade(async () => {
    expect(await ann.edit(one.id, 'one 2')).toMatchObject({ version: 2 })
    const before = await read.one(one.id)
    expect(before).toMatchObject({ text: 'one 1', version: 1, published: { version: 1, head_version: 2 } })
    expect(await read.one(one.id, '&version=head')).toMatchObject({ text: 'one 2', version: 2 })
    expect(await read.one(one.id, '&version=2')).toMatchObject({ text: 'one 2', version: 2 })
    const explained = await waitForValue(
      'the publication to be explained',
      () => ann.explain(slow),
      ({ publication }) => publication?.state === 'under_way',
    )
    expect(explained.publication).toMatchObject({ version: 1, held_back_by: [] })
  })
  await published(ann, slow, 'after 100 ms: one 2')
  const after = await api.get(`${base}/blobs/${one.id}?include=content`)
  expect(after.body.data).toMatchObject({ text: 'one 2', version: 2, published: { version: 2, head_version: 2 } })
  expect(after.headers.get('studio-publication')).toBe(String(after.body.data.published?.revision))
  expect((await ann.explain(slow)).publication).toMatchObject({ state: 'published', version: 2 })

  const both = [one.id, slow]
  await whileNothingIsMade(async () => {
    await ann.remove(one.id)
    expect(await statuses(both)).toEqual([200, 200])
  })
  await waitForValue(
    'both to be gone',
    () => statuses(both),
    (now) => now.join() === '410,410',
    { timeoutMs: 60_000 },
  )
  await whileNothingIsMade(async () => {
    await expectStatus(200, api.post(`${base}/blobs/${one.id}/revert`, { to_version: 1 }))
    expect(await statuses(both)).toEqual([410, 410])
  })
  await published(ann, one.id, 'one 1')
  expect((await read.one(slow)).text).toBe('after 100 ms: one 1')
}, 240_000)

test('a failure keeps the old state published, and says so; a later success publishes', async () => {
  const api = studio.as('failing')
  const ann = user(api)
  const read = reader(api)
  const one = await ann.create('fine', atomic)
  const faulty = await ann.derive('faulty', { input: one.id })
  await published(ann, faulty.id, 'FINE')
  await ann.edit(one.id, 'permanent')
  await waitForValue(
    'the failure',
    () => ann.derivation(faulty.id),
    ({ state }) => state === 'failed',
  )
  expect(await read.one(one.id)).toMatchObject({ text: 'fine', published: { version: 1, head_version: 2 } })
  expect(await ann.explain(one.id)).toMatchObject({
    publication: { state: 'held_back', version: 1, held_back_by: [faulty.id] },
  })
  const { last_change } = await ann.explain(faulty.id)
  const cascade: CascadeResource = await ann.cascade(last_change?.cascade_id ?? '')
  expect(cascade).toMatchObject({ state: 'settled', publication: { state: 'held_back', held_back_by: [faulty.id] } })
  await ann.edit(one.id, 'better')
  await published(ann, one.id, 'better')
  expect((await read.one(faulty.id)).text).toBe('BETTER')
  // Nobody waits for anybody any more.
  await expectStatus(200, api.patch(`${base}/blobs/${one.id}`, { publication: 'immediate' }))
  await waitFor('blobs to be read at their heads', async () => {
    const { published } = await read.one(faulty.id)
    return published === undefined
  })
  expect((await api.get(`${base}/blobs/${one.id}/published`)).status).toBe(409)
  const refused = await api.patch(`${base}/blobs/${faulty.id}`, { publication: 'atomic' })
  expect([refused.status, refused.body]).toMatchObject([422, { code: 'publication_of_sources_only' }])
}, 90_000)

test('whoever reads meanwhile, and whatever dies: each state that is seen is whole', async () => {
  const api = studio.as('whole')
  const ann = user(api)
  const read = reader(api)
  const notes = await writeNotes(ann)
  await published(ann, notes.both, joined('one 1', stamped(stamped('one 1')), 'other 1'))

  let reading = true
  const seen = { sets: 0, pairs: 0, states: new Set<string>() }
  const problems: unknown[] = []
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    await work().catch((error: unknown) => {
      const text = String(error)
      // A service that was killed answers nobody; everything else is a state that was not whole.
      if (!/"status": 50[0-9]|fetch failed|ECONN|other side closed/.test(text)) problems.push(error)
    })
  }
  const watching = (async () => {
    while (reading) {
      await attempt(async () => {
        const set = await read.set(notes.one)
        const other = await read.set(notes.other)
        const texts = textsOf(set)
        seen.sets += 1
        seen.states.add(texts.get(notes.one) ?? '')
        const isOneState = set.revision === other.revision
        if (isOneState) seen.pairs += 1
        else texts.delete(notes.both)
        expectWhole(notes, texts, isOneState ? textsOf(other).get(notes.other) : undefined)
      })
      await attempt(async () => {
        const ids = [notes.one, notes.other, notes.first, notes.second, notes.both]
        const blobs: BlobResource[] = []
        for (const id of ids) blobs.push(await read.one(id))
        if (new Set(blobs.map((blob) => blob.published?.revision)).size > 1) return
        const texts = new Map(blobs.map(({ id, text }) => [id, text ?? '']))
        const other = texts.get(notes.other)
        texts.delete(notes.other)
        expectWhole(notes, texts, other)
      })
    }
  })()

  const parts = ['test-worker', 'dag', 'blob', 'worker', 'test-worker', 'dag', 'blob'] as const
  let edits = 1
  try {
    await waitFor('the first state to be seen', () => seen.states.size > 0)
    for (const [index, part] of parts.entries()) {
      await ann.edit(notes.one, `one ${++edits}`)
      const restarted = studio.restart(part)
      for (let burst = 0; burst < 3; burst++) {
        await editUntilTaken(ann, notes.other, `other ${++edits}`)
        await editUntilTaken(ann, notes.one, `one ${++edits}`)
      }
      await restarted
      await waitFor('something newer to be seen', () => seen.states.size > index + 1, { timeoutMs: 60_000 })
    }
    const [one, other] = [`one ${edits}`, `other ${edits - 1}`]
    await published(ann, notes.both, joined(one, stamped(stamped(one)), other))
  } finally {
    reading = false
    await watching
  }
  if (problems.length > 0) throw problems[0]
  expect(seen.sets).toBeGreaterThan(50)
  expect(seen.pairs).toBeGreaterThan(0)
  expect(seen.states.size).toBeGreaterThan(parts.length)
}, 300_000)

/** Until it is taken, whoever is away. */
async function editUntilTaken(ann: User, id: string, text: string): Promise<void> {
  await waitFor('the edit to be taken', () => ann.edit(id, text).then(() => true), { timeoutMs: 60_000 })
}

test.each([
  ['dag', 'dag.publish.before'],
  ['dag', 'dag.publish.after'],
  ['blob', 'blob.publish.before'],
  ['blob', 'blob.publish.after'],
] as const)(
  '%s dies at %s: what was published is seen after its restart',
  async (part, point) => {
    const ann = user(studio.as(point))
    const one = await ann.create('one 1', atomic)
    const stamp = await ann.derive('stamp', { input: one.id })
    await published(ann, stamp.id, stamped('one 1'))
    await untilQuiet(studio)
    try {
      await studio.restart(part, { env: { STUDIO_FAILPOINTS: `${point}=${join(studio.folder, point)}` } })
      await ann.edit(one.id, 'one 2')
      await studio.died(part)
      expect(existsSync(join(studio.folder, point))).toBe(true)
    } finally {
      await studio.restart(part)
    }
    await published(ann, stamp.id, stamped('one 2'))
    expect((await reader(studio.as(point)).one(one.id)).text).toBe('one 2')
  },
  240_000,
)
