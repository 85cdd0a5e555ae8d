import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type {
  BlobResource,
  OverlayResource,
  PastGraphResource,
  PreviewResource,
  ProvenanceResource,
} from '@studio/contracts'
import { sha256 } from '@studio/kernel'
import { startStudio, untilQuiet, waitForValue, type TestStudio } from '@studio/testing'
import { gate, user, type User } from './support.ts'

/**
 * A user edits what a provider has made. The edit stands whatever the provider makes later: merged with it, or in its place where the two change the same. `faulty` turns
 * its input to capitals, line by line, and `stamp` writes a hash of its input.
 */

const base = '/api/v1/studio'
const alone = { providers: 'none' }
let studio: TestStudio

beforeAll(async () => {
  studio = await startStudio({
    env: { STUDIO_LEASE_MS: '3000', STUDIO_RECONCILE_MS: '1000', STUDIO_SWEEP_MS: '1000', STUDIO_PENDING_MS: '2000' },
    workers: { 'test-worker': 'tests/providers/main.ts' },
  })
}, 180_000)
afterAll(() => studio?.stop())

const newUser = () => user(studio.as(randomUUID()))
const overlayOf = ({ api }: User, id: string) => api.get(`${base}/blobs/${id}/overlay`)
const readOverlay = async (ann: User, id: string) => {
  const { status, body } = await overlayOf(ann, id)
  if (status !== 200) throw new Error(`no overlay: ${JSON.stringify(body)}`)
  return body.data as OverlayResource
}
const textsOf = ({ base, edited, generated }: OverlayResource) => [base.text, edited.text, generated.text]

/** A text of three lines, its capitals, and a stamp of these. */
async function chain(ann: User, more: object = {}) {
  const source = await ann.create('one\ntwo\nthree', alone)
  const capitals = await ann.derive('faulty', { input: source.id }, more)
  const stamp = await ann.derive('stamp', { input: capitals.id })
  await ann.made(stamp.id, 1)
  return { source: source.id, capitals: capitals.id, stamp: stamp.id }
}

/** What the stamp of a text is. */
const stampOf = (text: string): string => `${sha256(`\n${text}`)}\n${text.slice(text.lastIndexOf('\n') + 1)}`

test('an edit is merged with what the provider makes later, and what is below it follows', async () => {
  const ann = newUser()
  const { source, capitals, stamp } = await chain(ann)
  const mine = 'ONE\nTWO, by hand\nTHREE'
  expect(await ann.edit(capitals, mine)).toMatchObject({ version: 2, overlay: 'edited', created_by: 'faulty' })
  expect(await ann.made(stamp, 2)).toBe(stampOf(mine))
  // Its own node has nothing to do.
  expect(await ann.runs(capitals)).toHaveLength(1)
  expect(await ann.explain(capitals)).toMatchObject({ freshness: 'fresh', overlay: 'edited', made_by: null })

  await ann.edit(source, 'one\ntwo\n3')
  const merged = 'ONE\nTWO, by hand\n3'
  expect(await ann.made(stamp, 3)).toBe(stampOf(merged))
  expect(await ann.read(capitals)).toMatchObject({ version: 3, text: merged, overlay: 'edited' })
  expect(textsOf(await readOverlay(ann, capitals))).toEqual(['ONE\nTWO\nTHREE', mine, 'ONE\nTWO\n3'])
  expect(await ann.explain(capitals)).toMatchObject({
    overlay: 'edited', summary: expect.stringContaining('edited by hand'), made_by: { version: 3 },
  }) // prettier-ignore

  // What was recorded for these inputs is the output, and not the merge.
  await ann.edit(source, 'one\ntwo\nthree')
  await ann.made(stamp, 4)
  expect((await ann.runs(capitals)).map(({ outcome }) => outcome)).toEqual(['memo', 'version', 'version'])
  expect((await ann.read(capitals)).text).toBe(mine)

  const versions = await ann.versions(capitals)
  const output = (text: string) => sha256(text)
  expect(versions.map(({ operation, overlay, generated_hash }) => [operation, overlay, generated_hash])).toEqual([
    ['transform', 'edited', output('ONE\nTWO\nTHREE')],
    ['transform', 'edited', output('ONE\nTWO\n3')],
    ['update', 'edited', output('ONE\nTWO\nTHREE')],
    ['transform', null, null],
  ])
  const { data: provenance } = (await ann.api.get(`${base}/blobs/${stamp}/provenance?version=2`)).body as {
    data: ProvenanceResource
  }
  expect(provenance.nodes.find(({ blob_id }) => blob_id === capitals)).toMatchObject({
    version: 2, run: null, delta_id: versions[2]?.delta_id, output_hash: null,
  }) // prettier-ignore
  const { data: past } = (
    await ann.api.get(
      `${base}/blobs/${capitals}/dag?at=${new Date(Date.parse(versions[0]?.created_at ?? '') - 1).toISOString()}`,
    )
  ).body as { data: PastGraphResource }
  expect(past.nodes[0]).toMatchObject({ version: 3, output_hash: output('ONE\nTWO\n3'), run_id: expect.any(String) })
}, 60_000)

test('an output that leaves the blob as it is starts nothing below', async () => {
  const ann = newUser()
  const { source, capitals, stamp } = await chain(ann)
  await ann.edit(capitals, '1\nTWO\nTHREE')
  await ann.made(stamp, 2)
  await ann.edit(source, '1\ntwo\nthree')
  await ann.settled(source, 3)
  expect(await ann.runs(capitals)).toMatchObject([
    { outcome: 'cutoff', version: 2, content_hash: sha256('1\nTWO\nTHREE') },
    {},
  ])
  expect(await ann.runs(stamp)).toHaveLength(2)
  // The provider goes back, the user does not.
  await ann.edit(source, 'one\ntwo\nthree')
  await ann.settled(source, 3)
  expect(await ann.read(capitals)).toMatchObject({ version: 2, text: '1\nTWO\nTHREE' })
  expect(await ann.runs(stamp)).toHaveLength(2)
}, 60_000)

test('in a conflict the user’s text stands, which is said, until it is settled', async () => {
  const ann = newUser()
  const { source, capitals, stamp } = await chain(ann)
  expect(await overlayOf(ann, capitals)).toMatchObject({ status: 404, body: { code: 'overlay_not_found' } })
  await ann.edit(capitals, 'FIRST\nTWO\nTHREE')
  await ann.made(stamp, 2)
  const tag = (await ann.api.get(`${base}/blobs/${capitals}`)).headers.get('etag') ?? ''
  await ann.edit(source, 'eins\ntwo\nthree')
  const conflicted = await waitForValue('a conflict', () => ann.read(capitals), ({ overlay }) => overlay === 'conflicted') // prettier-ignore
  expect(conflicted).toMatchObject({ version: 2, text: 'FIRST\nTWO\nTHREE' })
  // The conflict came without a version: who has seen the blob before hears of it all the same.
  expect((await ann.api.get(`${base}/blobs/${capitals}`, { headers: { 'if-none-match': tag } })).status).toBe(200)
  await ann.settled(source, 3)
  expect(await ann.explain(capitals)).toMatchObject({
    overlay: 'conflicted',
    summary: expect.stringContaining('settles'),
  })
  expect(await readOverlay(ann, capitals)).toMatchObject({
    version: 2, state: 'conflicted',
    base: { text: 'ONE\nTWO\nTHREE', version: 1, size: 13 }, edited: { text: 'FIRST\nTWO\nTHREE', version: 2 },
    generated: { text: 'EINS\nTWO\nTHREE', version: null, content_hash: sha256('EINS\nTWO\nTHREE') },
  }) // prettier-ignore

  await ann.edit(source, 'zwei\ntwo\nthree')
  await waitForValue('the newest output', () => readOverlay(ann, capitals), ({ generated }) => generated.text === 'ZWEI\nTWO\nTHREE') // prettier-ignore
  const settle = (body: object, headers = {}) => ann.api.post(`${base}/blobs/${capitals}/overlay`, body, headers)
  expect(await settle({ take: 'edited', generated_hash: sha256('EINS\nTWO\nTHREE') })).toMatchObject({
    status: 409, body: { code: 'version_conflict' },
  }) // prettier-ignore
  expect(await settle({ take: 'edited' }, { 'if-match': '"v1-0123456789abcdef"' })).toMatchObject({ status: 412 })
  expect(await settle({ text: 'FIRST OF ALL\nTWO\nTHREE' }, { 'if-match': tag })).toMatchObject({
    status: 200, body: { data: { version: 3, overlay: 'edited' } },
  }) // prettier-ignore
  expect(await ann.made(stamp, 3)).toBe(stampOf('FIRST OF ALL\nTWO\nTHREE'))
  await ann.edit(source, 'zwei\ntwo\n3')
  expect(await ann.made(stamp, 4)).toBe(stampOf('FIRST OF ALL\nTWO\n3'))
  expect(await settle({ take: 'generated' })).toMatchObject({ body: { data: { overlay: null, version: 5 } } })
  expect(await ann.made(stamp, 5)).toBe(stampOf('ZWEI\nTWO\n3'))
  expect((await overlayOf(ann, capitals)).status).toBe(404)
  await ann.edit(source, 'four')
  expect(await ann.made(stamp, 6)).toBe(stampOf('FOUR'))
}, 90_000)

test('a preview says that what is below an edit may run', async () => {
  const ann = newUser()
  const { source, capitals, stamp } = await chain(ann)
  await ann.edit(source, 'recorded\ntwo\nthree')
  await ann.made(stamp, 2)
  await ann.edit(capitals, 'RECORDED\nTWO, by hand\nTHREE')
  await ann.made(stamp, 3)
  const previewed = async (id: string, text: string) => {
    const { body } = await ann.api.post(`${base}/blobs/${id}/preview`, { text })
    const { nodes } = (body as { data: PreviewResource }).data
    return Object.fromEntries(nodes.map(({ blob_id, status }) => [blob_id, status]))
  }
  expect(await previewed(source, 'one\ntwo\nthree')).toEqual({ [capitals]: 'memo', [stamp]: 'may_run' })
  expect(await previewed(source, 'new')).toEqual({ [capitals]: 'will_run', [stamp]: 'may_run' })
  expect(await previewed(capitals, 'NEW')).toEqual({ [stamp]: 'will_run' })
}, 60_000)

test('triggers apply to an edit as to what the provider wrote', async () => {
  const ann = newUser()
  const text = await ann.create('The fox have a apple in there garden. Everybody in the village wanted to taste it.')
  await ann.settled(text.id, 4)
  const before = await ann.derived(text.id)
  const expanded = before['text-expander'] as BlobResource
  await ann.edit(expanded.id, 'A lighthouse stand on the cliff.')
  await waitForValue(
    'the grammar of the edit',
    () => ann.read(before['grammar-checker']?.id ?? ''),
    ({ text }) => text?.includes('lighthouse') === true,
  )
  await ann.settled(text.id, 4)
  expect(await ann.runs(expanded.id)).toHaveLength(1)
  expect((await ann.derived(text.id))['summariser']?.text).toContain('lighthouse')
}, 60_000)

test('a source that is deleted and restored brings the edit back; a user does not delete what is derived', async () => {
  const ann = newUser()
  const { source, capitals, stamp } = await chain(ann)
  await ann.edit(capitals, 'ONE\nTWO, by hand\nTHREE')
  await ann.made(stamp, 2)
  expect(await ann.remove(capitals)).toMatchObject({ status: 409, body: { code: 'derived_blob_read_only' } })
  await ann.remove(source)
  await waitForValue(
    'the tombstone',
    () => ann.api.get(`${base}/blobs/${stamp}`),
    ({ status }) => status === 410,
  )
  const revert = (id: string) => ann.api.post(`${base}/blobs/${id}/revert`, { to_version: 1 })
  expect(await revert(capitals)).toMatchObject({ status: 409, body: { code: 'derived_blob_read_only' } })
  expect((await revert(source)).status).toBe(200)
  await waitForValue(
    'the stamp',
    () => ann.api.get(`${base}/blobs/${stamp}`),
    ({ status }) => status === 200,
  )
  await ann.settled(source, 3)
  expect((await ann.read(stamp)).text).toBe(stampOf('ONE\nTWO, by hand\nTHREE'))
  expect(await ann.read(capitals)).toMatchObject({ overlay: 'edited', version: 4 })
}, 60_000)

test('an edit while the provider runs: its output is merged with it, and the run is not disturbed', async () => {
  const ann = newUser()
  const source = await ann.create('one\ntwo\nthree', alone)
  const { held_by, shut, open } = gate(studio)
  const slow = await ann.derive('slow', { input: source.id }, { configuration: { delay_ms: 1, held_by } })
  const stamp = await ann.derive('stamp', { input: slow.id })
  await ann.made(stamp.id, 1)
  for (const [round, last] of ['3', 'III', 'drei'].entries()) {
    await shut()
    await ann.edit(source.id, `one\ntwo\n${last}`)
    await waitForValue(
      'a run',
      () => ann.derivation(slow.id),
      ({ state }) => state === 'running',
    )
    const { text = '' } = await ann.read(slow.id)
    await ann.edit(slow.id, text.replace(/\ntwo.*\n/, `\ntwo, by hand ${round}\n`))
    await open()
    await ann.settled(source.id, 3)
    expect((await ann.read(slow.id)).text).toBe(`after 1 ms: one\ntwo, by hand ${round}\n${last}`)
    expect((await ann.read(stamp.id)).text).toBe(stampOf(`after 1 ms: one\ntwo, by hand ${round}\n${last}`))
    // One run a change of the source: the edit took it from nobody.
    expect(await ann.runs(slow.id)).toHaveLength(round + 2)
  }
}, 90_000)

const points = [
  ['delta-engine', 'delta.overlay.staged'],
  ['blob', 'blob.overlay.moved'],
  ['test-worker', 'worker.committed'],
  ['test-worker', 'worker.computed'],
  ['dag', 'dag.settle.before'],
  ['dag', 'dag.settle.after'],
] as const

test.each(points)(
  '%s dies at %s: the edit stands, and is merged once',
  async (part, point) => {
    const ann = newUser()
    const { source, capitals, stamp } = await chain(ann)
    // What only the overlay learns of makes no version; all else does.
    const isConflict = point === 'blob.overlay.moved'
    const mine = isConflict ? 'ONE\nTWO\nLAST' : 'ONE\nTWO\nTHREE, by hand'
    const theirs = isConflict ? 'one\ntwo\ndrei' : '1\ntwo\nthree'
    await ann.edit(capitals, mine)
    await ann.made(stamp, 2)
    await untilQuiet(studio)
    const proof = join(studio.folder, `${point}-${randomUUID()}`)
    try {
      await studio.restart(part, { env: { STUDIO_FAILPOINTS: `${point}=${proof}` } })
      await ann.edit(source, theirs)
      await studio.died(part)
      expect(existsSync(proof)).toBe(true)
      await studio.start(part)
    } catch (error) {
      await studio.restart(part)
      throw error
    }
    await ann.settled(source, 3)
    const text = isConflict ? mine : '1\nTWO\nTHREE, by hand'
    expect(await ann.read(capitals)).toMatchObject({
      text, version: isConflict ? 2 : 3, overlay: isConflict ? 'conflicted' : 'edited',
    }) // prettier-ignore
    expect((await ann.read(stamp)).text).toBe(stampOf(text))
    expect(textsOf(await readOverlay(ann, capitals))).toEqual(['ONE\nTWO\nTHREE', mine, theirs.toUpperCase()])
    expect(await ann.explain(capitals)).toMatchObject({
      freshness: 'fresh',
      overlay: isConflict ? 'conflicted' : 'edited',
    })
  },
  120_000,
)
