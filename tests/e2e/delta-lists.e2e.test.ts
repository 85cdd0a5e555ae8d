import { randomUUID } from 'node:crypto'
import type { BatchResource, BlobResource, BulkResource, DryRunResource } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import { startStudio, type Answer, type Api, type TestStudio } from '@studio/testing'
import { base, expectStatus, openRows, types, writer } from './deltas-support.ts'

/** Lists of changes, and dry runs: what they do, what they leave out, and what they write, which is nothing where they say so. */

let studio: TestStudio
let ada: Api
let ann: ReturnType<typeof writer>
let rows: Awaited<ReturnType<typeof openRows>>

beforeAll(async () => {
  studio = await startStudio({ services: ['blob', 'delta-engine', 'dag', 'provider-registry', 'gateway'] })
  rows = await openRows(studio)
  ada = studio.as('ada')
  ann = writer(ada)
}, 180_000)

afterAll(async () => {
  await rows?.close()
  await studio?.stop()
})

describe('a dry run', () => {
  test('tells the result and its hash, and writes nothing', async () => {
    const record = await ann.createJson({ a: 1 })
    const large = 'x'.repeat(300_000)
    const steps: [string, (query: string) => Promise<Answer>][] = [
      ['create', (query) => ada.post(`${base}/blobs${query}`, { text: large, providers: 'none' })],
      ['raw create', (query) => ada.post(`${base}/blobs${query}`, large, { 'content-type': 'text/plain' })],
      ['JSON Patch', (query) => ann.change(record.id, { op: 'add', path: '/b', value: 1 }, types.jsonPatch, query)],
      ['whole content', (query) => ann.change(record.id, { text: `{"large":"${large}"}` }, {}, query)],
      [
        'raw content',
        (query) =>
          ada.put(`${base}/blobs/${record.id}/content${query}`, '{"c":1}', { 'content-type': 'application/json' }),
      ],
      ['metadata', (query) => ann.change(record.id, { metadata: { x: 1 } }, {}, query)],
      ['revert', (query) => ada.post(`${base}/blobs/${record.id}/revert${query}`, { to_version: 1 })],
      ['deletion', (query) => ada.delete(`${base}/blobs/${record.id}${query}`)],
    ]
    for (const [what, step] of steps) {
      const before = await rows.read()
      const plan = await expectStatus<DryRunResource>(200, step('?dry_run=true'))
      expect([what, await rows.read()]).toEqual([what, before])
      const { body } = await step('')
      const done = body.data as BlobResource
      expect({
        blob_id: plan.blob_id ?? done.id,
        version: plan.to_version,
        hash: plan.content_hash,
        size: plan.size,
        type: plan.content_type,
        metadata: plan.metadata,
      }).toEqual({
        blob_id: done.id,
        version: done.version,
        hash: done.content_hash,
        size: done.size,
        type: done.content_type,
        metadata: done.metadata,
      })
      if (plan.text !== undefined) expect(sha256(Buffer.from(plan.text))).toBe(plan.content_hash)
    }
  })

  test('tells a refusal, too, and keeps no key', async () => {
    const { id } = await ann.createJson({ a: 1 })
    const before = await rows.read()
    const key = { 'idempotency-key': randomUUID() }
    const refused = await ann.change(
      id,
      { op: 'remove', path: '/none' },
      { ...types.jsonPatch, ...key },
      '?dry_run=true',
    )
    expect([refused.status, refused.body.code]).toEqual([422, 'patch_failed'])
    await expectStatus(200, ann.change(id, { text: '{"a":2}' }, key, '?dry_run=true'))
    expect(await rows.read()).toEqual(before)
    await expectStatus(200, ann.change(id, { text: '{"a":3}' }, key))
    expect(await ann.json(id)).toEqual({ a: 3 })
  })

  test('of a merge shows what would come of it', async () => {
    const { id } = await ann.create({ text: 'The fox ate.', conflict_policy: 'merge' })
    await expectStatus(200, ann.change(id, { text: 'The red fox ate.' }))
    const plan = await expectStatus<DryRunResource>(
      200,
      ann.change(id, { text: 'The fox ate all.', from_version: 1 }, {}, '?dry_run=true'),
    )
    expect(plan).toMatchObject({ merged: true, text: 'The red fox ate all.', to_version: 3 })
    expect(await ann.text(id)).toBe('The red fox ate.')
  })

  test('of lists writes nothing', async () => {
    const { id } = await ann.createJson({ a: 1 })
    const operations = [
      { op: 'create', text: 'new', providers: 'none' },
      { op: 'update', blob_id: id, patch: { b: 1 }, patch_type: 'application/merge-patch+json' },
      { op: 'update', blob_id: id, patch: { c: 1 }, patch_type: 'application/merge-patch+json' },
    ]
    const before = await rows.read()
    const batch = await expectStatus<BatchResource>(200, ada.post(`${base}/batches?dry_run=true`, { operations }))
    expect(batch.results).toMatchObject([
      { dry_run: true, blob_id: null, text: 'new' },
      { dry_run: true, blob_id: id, to_version: 2, text: '{"a":1,"b":1}' },
      { dry_run: true, blob_id: id, to_version: 3, text: '{"a":1,"b":1,"c":1}' },
    ])
    const bulk = await expectStatus<BulkResource>(200, ada.post(`${base}/bulk?dry_run=true`, { operations }))
    expect(bulk.results.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(await rows.read()).toEqual(before)
  })

  test('of a list tells as much content as an answer holds, and all hashes', async () => {
    const texts = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(250_000))
    const { id } = await ann.create({ text: 'x'.repeat(800_000) })
    const operations = [
      { op: 'update', blob_id: id, patch: [{ insert: 'y' }], patch_type: types.text['content-type'] },
      ...texts.slice(0, 3).map((text) => ({ op: 'create', text, providers: 'none' })),
    ]
    const { results } = await expectStatus<BatchResource>(200, ada.post(`${base}/batches?dry_run=true`, { operations }))
    const plans = results as DryRunResource[]
    expect(plans.map(({ text }) => text?.length)).toEqual([800_001, undefined, undefined, undefined])
    expect(plans.slice(1).map(({ content_hash }) => content_hash)).toEqual(
      texts.slice(0, 3).map((text) => sha256(text)),
    )
  })
})

describe('a batch', () => {
  test('is done as a whole, in its order, over several blobs; said twice, it is done once', async () => {
    const [one, two] = [await ann.createJson({ a: 1 }), await ann.create({ text: 'two' })]
    const operations = [
      { op: 'update', blob_id: one.id, patch: { op: 'add', path: '/b', value: 1 }, from_version: 1 },
      { op: 'create', text: 'three', providers: 'none', metadata: { n: 3 } },
      { op: 'update', blob_id: one.id, patch: { op: 'add', path: '/b', value: 2 } },
      { op: 'delete', blob_id: two.id },
      { op: 'revert', blob_id: one.id, to_version: 1 },
    ]
    const key = { 'idempotency-key': randomUUID() }
    const { results } = await expectStatus<BatchResource>(200, ada.post(`${base}/batches`, { operations }, key))
    expect(results).toMatchObject([
      { blob: { id: one.id, version: 2 } },
      { blob: { version: 1, metadata: { n: 3 } } },
      { blob: { id: one.id, version: 3 } },
      { blob: { id: two.id, version: 2, deleted_at: expect.any(String) } },
      { blob: { id: one.id, version: 4 } },
    ])
    expect(await ann.json(one.id)).toEqual({ a: 1 })
    expect(await ann.text(one.id, '&version=3')).toBe('{"a":1,"b":2}')
    const before = await rows.read()
    const again = await expectStatus<BatchResource>(200, ada.post(`${base}/batches`, { operations }, key))
    const deltas = (list: BatchResource['results']) => list.map((result) => 'delta_id' in result && result.delta_id)
    expect(deltas(again.results)).toEqual(deltas(results))
    expect(await rows.read()).toEqual(before)
    const other = await ada.post(`${base}/batches`, { operations: operations.slice(1) }, key)
    expect(other.body.code).toBe('idempotency_conflict')
  })

  test.each<[string, (id: string) => object, number, string, string]>([
    [
      'a patch that fails',
      (id) => ({ op: 'update', blob_id: id, patch: { op: 'remove', path: '/x' } }),
      422,
      'patch_failed',
      '',
    ],
    [
      'a stale version',
      (id) => ({ op: 'update', blob_id: id, text: '{}', from_version: 7 }),
      409,
      'version_conflict',
      '',
    ],
    ['a foreign blob', () => ({ op: 'delete', blob_id: randomUUID() }), 404, 'blob_not_found', ''],
    [
      'content that is not there',
      () => ({ op: 'create', content_id: '0'.repeat(64), content_type: 'text/plain' }),
      404,
      'content_not_found',
      '',
    ],
    ['a malformed operation', (id) => ({ op: 'update', blob_id: id }), 422, 'invalid_request', '/operations/2'],
    ['an unknown operation', (id) => ({ op: 'erase', blob_id: id }), 422, 'invalid_request', '/operations/2/op'],
  ])('with %s is not done at all, and names it', async (_what, wrong, status, code, pointer) => {
    const { id } = await ann.createJson({ a: 1 })
    const operations = [
      { op: 'create', text: 'new', providers: 'none' },
      { op: 'update', blob_id: id, patch: { op: 'add', path: '/b', value: 1 } },
      wrong(id),
      { op: 'update', blob_id: id, text: '{"never":1}' },
    ]
    const before = await visible(id)
    const refused = await ada.post(`${base}/batches`, { operations })
    expect([refused.status, refused.body.code, refused.body.operation]).toEqual([status, code, 2])
    if (pointer) expect(refused.body.errors).toEqual([expect.objectContaining({ pointer })])
    expect(await visible(id)).toEqual(before)
  })

  test('that is said several times at once is done once, by its key or by the ids of its deltas', async () => {
    for (const [key, ids] of [
      [{ 'idempotency-key': randomUUID() }, [{}, {}]],
      [{}, [{ delta_id: newId() }, { delta_id: newId() }]],
    ] as const) {
      const { id } = await ann.createJson([])
      const operations = [
        { op: 'update', blob_id: id, patch: { op: 'add', path: '/-', value: 1 }, ...ids[0] },
        { op: 'create', text: 'once', providers: 'none', ...ids[1] },
      ]
      const say = () => expectStatus<BatchResource>(200, ada.post(`${base}/batches`, { operations }, key))
      const answers = await Promise.all([say(), say(), say()])
      for (const answer of answers) expect(answer).toEqual(answers[0])
      expect(await ann.json(id)).toEqual([1])
      expect(await ann.chain(id)).toHaveLength(2)
    }
  })

  test('cannot name one delta twice', async () => {
    const { id } = await ann.createJson([])
    const operation = { op: 'update', blob_id: id, patch: { op: 'add', path: '/-', value: 1 }, delta_id: newId() }
    const refused = await ada.post(`${base}/batches`, { operations: [operation, operation] })
    expect([refused.status, refused.body.code, refused.body.operation]).toEqual([409, 'idempotency_conflict', 1])
    expect(await ann.json(id)).toEqual([])
  })

  test('may have 100 operations, and more', async () => {
    const { id } = await ann.createJson({})
    const operations = Array.from({ length: 100 }, (_, at) =>
      at % 2 === 0
        ? { op: 'create', text: `${at}`, providers: 'none' }
        : { op: 'update', blob_id: id, patch: { op: 'add', path: `/${at}`, value: at } },
    )
    const { results } = await expectStatus<BatchResource>(200, ada.post(`${base}/batches`, { operations }))
    expect(results).toHaveLength(100)
    expect(Object.keys((await ann.json(id)) as object)).toHaveLength(50)
  })

  test('that would make more content than is held at once is refused as a whole, its operation named', async () => {
    const { id } = await ann.createJson({ large: 'x'.repeat(8 * 2 ** 20) })
    const operations = Array.from({ length: 20 }, (_, at) => ({
      op: 'update',
      blob_id: id,
      patch: { op: 'add', path: '/at', value: at },
    }))
    const { status, body } = await ada.post(`${base}/batches`, { operations })
    expect([status, body]).toMatchObject([422, { code: 'patch_too_large', errors: [{ pointer: '/operations/7' }] }])
    expect(await ann.chain(id)).toHaveLength(1)
  }, 60_000)

  /** What a batch would have left: the blob's versions, its deltas that are not failed, and how many blobs there are. */
  async function visible(id: string): Promise<unknown> {
    const blobs = await ada.get(`${base}/blobs?limit=200`)
    return [blobs.body, await ann.text(id), await ann.chain(id)]
  }
})

describe('bulk', () => {
  test('does what can be done, and says of each what became of it; said twice, each is done once', async () => {
    const { id } = await ann.createJson({ a: 1 })
    const operations = [
      { op: 'create', text: 'new', providers: 'none' },
      { op: 'update', blob_id: id, patch: { op: 'remove', path: '/x' } },
      { op: 'update', blob_id: randomUUID(), text: 'a' },
      { op: 'update', blob_id: id, patch: { op: 'add', path: '/b', value: 1 } },
      { op: 'update' },
      { op: 'update', blob_id: id, patch: [{ insert: 'x' }], patch_type: 'application/vnd.studio.text-patch+json' },
    ]
    const key = { 'idempotency-key': randomUUID() }
    for (const _time of ['first', 'second']) {
      const { results } = await expectStatus<BulkResource>(200, ada.post(`${base}/bulk`, { operations }, key))
      expect(results).toMatchObject([
        { status: 201, data: { blob: { version: 1 } } },
        { status: 422, problem: { code: 'patch_failed', operation: 1 } },
        { status: 404, problem: { code: 'blob_not_found', operation: 2 } },
        { status: 200, data: { blob: { id, version: 2 }, merged: false } },
        { status: 422, problem: { code: 'invalid_request', errors: [{ pointer: '/operations/4/blob_id' }] } },
        { status: 422, problem: { code: 'invalid_content', operation: 5 } },
      ])
    }
    expect(await ann.json(id)).toEqual({ a: 1, b: 1 })
  })
})
