import type { PastGraphResource, ProvenanceResource } from '@studio/contracts'
import { startStudio, waitForValue, type TestStudio } from '@studio/testing'
import { randomUUID } from 'node:crypto'
import { expectStatus } from './deltas-support.ts'
import { user, type User } from './support.ts'

/** The graph as it was at a time or after a cascade, and exactly what each version was made of. */

const base = '/api/v1/studio'
let studio: TestStudio

beforeAll(async () => {
  studio = await startStudio({ workers: { 'test-worker': 'tests/providers/main.ts' } })
}, 180_000)
afterAll(() => studio?.stop())

const newUser = () => user(studio.as(randomUUID()))
const alone = { providers: 'none' }

const past = (ann: User, id: string, query: Record<string, string>) =>
  expectStatus<PastGraphResource>(200, ann.api.get(`${base}/blobs/${id}/dag?${new URLSearchParams(query).toString()}`))
const provenance = (ann: User, id: string, query = '') =>
  expectStatus<ProvenanceResource>(200, ann.api.get(`${base}/blobs/${id}/provenance${query}`))

/** Each blob's version, deleted ones as such. */
const versionsOf = ({ nodes }: PastGraphResource) =>
  Object.fromEntries(nodes.map(({ blob_id, version, deleted }) => [blob_id, deleted ? 'deleted' : version]))

test('the graph is told as it was: its derivations, its edges, each blob at its version then', async () => {
  const ann = newUser()
  const [one, two] = [await ann.create('one', alone), await ann.create('two', alone)]
  const middle = await ann.derive('stamp', { input: one.id })
  const bottom = await ann.derive('join', { parts: [middle.id, two.id] })
  await ann.made(bottom.id, 1)
  const first = new Date().toISOString()
  const edited = await ann.edit(one.id, 'one, edited')
  await ann.made(bottom.id, 2)
  const { last_change: edit } = await ann.explain(bottom.id)
  const second = new Date().toISOString()
  await expectStatus(200, ann.api.patch(`${base}/derivations/${bottom.id}`, { inputs: { parts: [two.id] } }))
  await ann.made(bottom.id, 3)
  const third = new Date().toISOString()
  await ann.remove(one.id)
  await waitForValue(
    'what only it fed to be gone',
    () => ann.api.get(`${base}/blobs/${middle.id}`),
    ({ status }) => status === 410,
  )

  const before = await past(ann, one.id, { at: first })
  expect(versionsOf(before)).toEqual({ [one.id]: 1, [middle.id]: 1, [bottom.id]: 1 })
  expect(before).toMatchObject({
    root_id: one.id,
    at: first,
    cascade: null,
    levels: [[one.id], [middle.id], [bottom.id]],
  })
  expect(
    before.edges.map(({ source_id, target_id, input, ordinal }) => [source_id, target_id, input, ordinal]),
  ).toEqual(
    expect.arrayContaining([
      [one.id, middle.id, 'input', 0],
      [middle.id, bottom.id, 'parts', 0],
    ]),
  )
  const made = (await ann.runs(middle.id)).find(({ version }) => version === 1)
  expect(before.nodes[1]).toMatchObject({
    content_hash: made?.content_hash,
    provider_id: 'stamp',
    provider_version: '1.0.0',
    run_id: made?.id,
  })

  const after = await past(ann, one.id, { at: second })
  expect(versionsOf(after)).toEqual({ [one.id]: 2, [middle.id]: 2, [bottom.id]: 2 })
  expect(after.nodes[0]).toMatchObject({ content_hash: edited.content_hash, provider_id: null, run_id: null })
  const settled = await past(ann, one.id, { cascade: edit?.cascade_id ?? '' })
  expect(settled).toEqual({ ...after, at: settled.cascade?.settled_at, cascade: settled.cascade })
  expect(settled.cascade).toMatchObject({ id: edit?.cascade_id, root_id: one.id, delta_id: edit?.delta_id })
  // From the moment on at which a node had its version, and not before.
  const since = after.nodes[1]?.since ?? ''
  const stillOne = new Date(Date.parse(since) - 1).toISOString()
  expect((await past(ann, one.id, { at: since })).nodes[1]?.version).toBe(2)
  expect((await past(ann, one.id, { at: stillOne })).nodes[1]?.version).toBe(1)

  const rewired = await past(ann, one.id, { at: third })
  expect(versionsOf(rewired)).toEqual({ [one.id]: 2, [middle.id]: 2 })
  expect(versionsOf(await past(ann, two.id, { at: third }))).toEqual({ [two.id]: 1, [bottom.id]: 3 })
  const now = await past(ann, one.id, { at: new Date().toISOString() })
  expect(versionsOf(now)).toEqual({ [one.id]: 'deleted', [middle.id]: 'deleted' })
}, 120_000)

test('a cascade that is open shows its state now', async () => {
  const ann = newUser()
  const source = await ann.create('slowly', alone)
  const slow = await ann.derive('slow', { input: source.id }, { configuration: { delay_ms: 60_000 } })
  await waitForValue(
    'the slow run to begin',
    () => ann.derivation(slow.id),
    ({ state }) => state === 'running',
  )
  const below = await ann.derive('stamp', { input: slow.id })
  expect((await ann.explain(below.id)).reasons).toEqual([
    { code: 'never_run' },
    { code: 'waiting', blob_ids: [slow.id] },
  ])
  const { last_change: change } = await ann.explain(slow.id)
  const open = await past(ann, source.id, { cascade: change?.cascade_id ?? '' })
  expect(open.cascade).toMatchObject({ id: change?.cascade_id, settled_at: null })
  expect(open.nodes).toMatchObject([
    { blob_id: source.id, version: 1 },
    { blob_id: slow.id, version: 0, content_hash: null, run_id: null, since: null, deleted: false },
    { blob_id: below.id, version: 0 },
  ])
}, 60_000)

test('a version is traced to the versions and runs that made it, up to the deltas of its sources', async () => {
  const ann = newUser()
  const [root, other] = [await ann.create('root', alone), await ann.create('other', alone)]
  const left = await ann.derive('stamp', { input: root.id }, { label: 'left', configuration: { mark: 'l' } })
  const right = await ann.derive('stamp', { input: root.id }, { label: 'right', configuration: { mark: 'r' } })
  const bottom = await ann.derive('join', { parts: [left.id, right.id, other.id] })
  await ann.made(bottom.id, 1)
  await ann.edit(root.id, 'root, edited')
  await ann.made(bottom.id, 2)

  const head = await provenance(ann, bottom.id)
  expect(head).toEqual(await provenance(ann, bottom.id, '?version=2'))
  expect(head).toMatchObject({ blob_id: bottom.id, version: 2 })
  const of = (id: string, version: number) => `${id}@${version}`
  expect(head.nodes.map(({ blob_id, version }) => of(blob_id, version)).toSorted()).toEqual(
    [of(bottom.id, 2), of(left.id, 2), of(right.id, 2), of(root.id, 2), of(other.id, 1)].toSorted(),
  )
  expect(head.nodes[0]?.blob_id).toBe(bottom.id)
  expect(
    head.edges
      .map((edge) => [
        of(edge.source_id, edge.source_version),
        of(edge.target_id, edge.target_version),
        edge.input,
        edge.ordinal,
      ])
      .toSorted(),
  ).toEqual(
    [
      [of(left.id, 2), of(bottom.id, 2), 'parts', 0],
      [of(right.id, 2), of(bottom.id, 2), 'parts', 1],
      [of(other.id, 1), of(bottom.id, 2), 'parts', 2],
      [of(root.id, 2), of(left.id, 2), 'input', 0],
      [of(root.id, 2), of(right.id, 2), 'input', 0],
    ].toSorted(),
  )
  const [edit] = await ann.deltas(root.id)
  const [creation] = await ann.deltas(other.id)
  const nodes = new Map(head.nodes.map((node) => [node.blob_id, node]))
  expect(nodes.get(root.id)).toMatchObject({ run: null, delta_id: edit?.id })
  expect(nodes.get(other.id)).toMatchObject({ run: null, delta_id: creation?.id })
  const [run] = await ann.runs(left.id)
  expect(nodes.get(left.id)).toMatchObject({
    content_hash: run?.content_hash,
    delta_id: null,
    run: { id: run?.id, provider_id: 'stamp', provider_version: '1.0.0', key: run?.key, outcome: 'version' },
  })

  const first = await provenance(ann, bottom.id, '?version=1')
  expect(first.nodes.map(({ version }) => version)).toEqual([1, 1, 1, 1, 1])
  const source = await provenance(ann, other.id)
  expect(source).toMatchObject({ nodes: [{ blob_id: other.id, run: null, delta_id: creation?.id }], edges: [] })
}, 60_000)

test('what was not there, and what is a stranger’s, is not found', async () => {
  const [ann, stranger] = [newUser(), newUser()]
  const before = new Date(Date.now() - 60_000).toISOString()
  const { id } = await ann.create('a text', alone)
  const derived = await ann.derive('stamp', { input: id })
  await ann.made(derived.id, 1)
  const cascade = (await ann.explain(derived.id)).last_change?.cascade_id ?? ''
  const now = new Date().toISOString()
  const answers = async (whose: User, path: string) => {
    const { status, body } = await whose.api.get(`${base}/blobs/${path}`)
    return [status, (body as { code?: string }).code]
  }
  expect(await answers(ann, `${id}/dag?at=${before}`)).toEqual([404, 'version_not_found'])
  expect(await answers(ann, `${id}/dag?cascade=${randomUUID()}`)).toEqual([404, 'cascade_not_found'])
  expect(await answers(ann, `${id}/dag?at=${now}&cascade=${cascade}`)).toEqual([422, 'invalid_request'])
  expect(await answers(ann, `${id}/dag?at=yesterday`)).toEqual([422, 'invalid_request'])
  for (const path of [`${id}/dag`, id]) {
    expect(await answers(ann, `${path}?at=2026-01-01T00:00:00%2B15:59`)).toEqual([404, 'version_not_found'])
    expect(await answers(ann, `${path}?at=2026-01-01T00:00:00-16:00`)).toEqual([422, 'invalid_request'])
  }
  expect(await answers(ann, `${id}/provenance?version=9`)).toEqual([404, 'version_not_found'])
  expect(await answers(ann, `${randomUUID()}/provenance`)).toEqual([404, 'blob_not_found'])
  for (const path of [`${id}/dag?at=${now}`, `${derived.id}/provenance`, `${derived.id}/provenance?version=1`])
    expect(await answers(stranger, path)).toEqual([404, 'blob_not_found'])
  const own = await stranger.create('another text', alone)
  expect(await answers(stranger, `${own.id}/dag?cascade=${cascade}`)).toEqual([404, 'cascade_not_found'])
}, 60_000)
