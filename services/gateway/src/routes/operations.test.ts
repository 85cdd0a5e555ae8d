import { randomUUID } from 'node:crypto'
import { answer, BatchResource, BulkResource } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { call, created, inner, problem } from '../../tests/route-fixture.ts'

/** One operation of each kind on a blob. */
const operationsOn = (blob_id: string) => [
  { op: 'create', text: 'a', conflict_policy: 'merge' },
  { op: 'update', blob_id, patch: { a: null }, patch_type: 'application/merge-patch+json', from_version: 1 },
  { op: 'delete', blob_id: blob_id.toUpperCase(), conflict: 'reject' },
  { op: 'revert', blob_id, to_version: 1, delta_id: newId() },
]

/** How delta-engine is asked for these. */
const submittedOn = (blob_id: string) => [
  { operation: 'create', conflict_policy: 'merge', providers: 'auto', change: { content_type: 'text/plain' } },
  { operation: 'update', blob_id, from_version: 1, change: { format: 'merge-patch', patch: '{"a":null}' } },
  { operation: 'delete', blob_id, conflict: 'reject' },
  { operation: 'revert', blob_id, revert_to: 1, delta_id: expect.any(String) },
]

describe('a batch', () => {
  test('takes operations of every kind, and answers each', async () => {
    const { id } = await created()
    const { status, json } = await call('POST', '/batches', {
      body: { operations: operationsOn(id) },
      headers: { 'idempotency-key': 'k' },
    })
    expect(status).toBe(200)
    const { results } = answer(BatchResource).parse(json).data
    expect(results).toMatchObject([
      { blob: { version: 1, conflict_policy: 'merge' }, merged: false },
      { blob: { id, version: 2 } },
      { blob: { id, version: 3, deleted_at: expect.any(String) } },
      { blob: { id, version: 4, deleted_at: null } },
    ])
    expect(inner.submitted.slice(-4)).toMatchObject(submittedOn(id))
    expect(inner.asked.at(-1)).toMatchObject({ idempotency_key: 'k', dry_run: false })
  })

  test('runs dry as a whole', async () => {
    const { id } = await created()
    const { json } = await call('POST', '/batches?dry_run=true', { body: { operations: operationsOn(id).slice(0, 2) } })
    const { results } = answer(BatchResource).parse(json).data
    expect(results).toMatchObject([
      { dry_run: true, blob_id: null, text: 'a' },
      { dry_run: true, blob_id: id },
    ])
    expect(inner.asked.at(-1)).toMatchObject({ dry_run: true })
  })

  test('names the operation that delta-engine refused, with all that it said', async () => {
    const { id } = await created()
    const operations = [
      { op: 'update', blob_id: id, text: 'b' },
      { op: 'update', blob_id: id, text: 'c', from_version: 1 },
    ]
    const { status, json } = await call('POST', '/batches', { body: { operations } })
    expect([status, json]).toEqual([
      409,
      expect.objectContaining({
        code: 'version_conflict',
        operation: 1,
        expected_version: 1,
        current_version: 2,
        errors: [{ pointer: '/operations/1', detail: expect.any(String) }],
      }),
    ])
  })

  test('is not handed on where one operation is malformed; keeps large contents out of blob until then', async () => {
    const { id } = await created()
    const staged = inner.staged.length
    const operations = [
      { op: 'update', blob_id: id, text: 'x'.repeat(300_000) },
      { op: 'update', blob_id: id, metadata: 1 },
    ]
    expect(await problem(call('POST', '/batches', { body: { operations } }))).toMatchObject({
      status: 422,
      pointers: ['/operations/1/metadata'],
      submitted: 0,
    })
    expect(inner.staged.length).toBe(staged)
  })

  test.each<[string, object, string, string, string[]]>([
    ['no operations', {}, '/batches', 'invalid_request', ['/operations']],
    ['an empty list', { operations: [] }, '/batches', 'invalid_request', ['/operations']],
    [
      'a long list',
      { operations: Array(1001).fill({ op: 'create', text: 'a' }) },
      '/bulk',
      'invalid_request',
      ['/operations'],
    ],
    [
      'unknown members',
      { operations: [{ op: 'create', text: 'a' }], atomic: true },
      '/bulk',
      'invalid_request',
      ['/atomic'],
    ],
    ['a large body', { operations: [{ op: 'create', text: 'x'.repeat(1 << 20) }] }, '/bulk', 'body_too_large', []],
    [
      'an unknown parameter',
      { operations: [{ op: 'create', text: 'a' }] },
      '/bulk?dry=true',
      'invalid_request',
      ['/dry'],
    ],
  ])('or a bulk refuses %s', async (_what, body, path, code, pointers) => {
    const refused = await problem(call('POST', path, { body }))
    expect({ ...refused, pointers: refused.pointers ?? [] }).toMatchObject({ code, pointers, submitted: 0 })
  })
})

test.each([
  ['If-Match', '"v1-0123456789abcdef"'],
  ['Studio-Delta-Id', newId()],
])('a list does not overlook %s', async (name, value) => {
  for (const path of ['/batches', '/bulk']) {
    const said = { body: { operations: [{ op: 'create', text: 'a' }] }, headers: { [name]: value } }
    expect(await problem(call('POST', path, said))).toMatchObject({ status: 422, pointers: [name], submitted: 0 })
  }
})

describe('bulk', () => {
  test('does what it can, and says of each what became of it', async () => {
    const { id } = await created()
    const missing = randomUUID()
    const wrong: [object, string, string][] = [
      [{ op: 'erase', blob_id: id }, 'invalid_request', '/operations/4/op'],
      [{ op: 'update', text: 'a' }, 'invalid_request', '/operations/5/blob_id'],
      [{ op: 'create', text: 'a', blob_id: id }, 'invalid_request', '/operations/6/blob_id'],
      [{ op: 'update', blob_id: id }, 'invalid_request', '/operations/7'],
      [{ op: 'create', content: 'AA', content_type: 'a/b' }, 'invalid_request', '/operations/8/content'],
      [{ op: 'create', text: 'a', content_type: 'nonsense' }, 'invalid_content_type', '/operations/9'],
      [{ op: 'update', blob_id: id, patch: 1, patch_type: 'text/x-diff' }, 'malformed_patch', '/operations/10/patch'],
      [{ op: 'update', blob_id: missing, text: 'a' }, 'blob_not_found', '/operations/11'],
      [
        { op: 'update', blob_id: id, text: 'a', metadata: { x: '\u0000' } },
        'invalid_request',
        '/operations/12/metadata',
      ],
      // What an operation does not know is refused, be it as large as content.
      [{ op: 'create', text: 'a', patch: [] }, 'invalid_request', '/operations/13/patch'],
      [{ op: 'delete', blob_id: id, text: 'a' }, 'invalid_request', '/operations/14/text'],
      [{ op: 'revert', blob_id: id, to_version: 1, content: 'AAAA' }, 'invalid_request', '/operations/15/content'],
    ]
    const operations = [...operationsOn(id), ...wrong.map(([operation]) => operation)]
    const { status, json } = await call('POST', '/bulk', { body: { operations }, headers: { 'idempotency-key': 'k' } })
    expect(status).toBe(200)
    const { results } = answer(BulkResource).parse(json).data
    expect(results.slice(0, 4)).toMatchObject([
      { status: 201, data: { blob: { version: 1 } } },
      { status: 200, data: { blob: { version: 2 } } },
      { status: 200, data: { blob: { version: 3 } } },
      { status: 200, data: { blob: { version: 4 } } },
    ])
    for (const [index, [, code, pointer]] of wrong.entries())
      expect(results[index + 4]).toMatchObject({
        problem: { code, operation: index + 4, errors: [expect.objectContaining({ pointer })] },
      })
    const keys = inner.submitted.slice(-5).map(({ idempotency_key }) => idempotency_key)
    expect(keys).toEqual(['k 0', 'k 1', 'k 2', 'k 3', 'k 11'])
  })

  test('runs dry, each alone', async () => {
    const { json } = await call('POST', '/bulk?dry_run=true', { body: { operations: [{ op: 'create', text: 'a' }] } })
    expect(answer(BulkResource).parse(json).data.results).toMatchObject([
      { status: 200, data: { dry_run: true, blob_id: null, operation: 'create' } },
    ])
  })

  test('one that may work later says nothing of what lies within', async () => {
    inner.failNext('dependency_unavailable')
    const { json } = await call('POST', '/bulk', { body: { operations: [{ op: 'create', text: 'a' }] } })
    expect(answer(BulkResource).parse(json).data.results).toMatchObject([
      {
        status: 503,
        problem: { code: 'dependency_unavailable', detail: expect.stringContaining('Send the request again') },
      },
    ])
  })
})
