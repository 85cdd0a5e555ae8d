import { randomUUID } from 'node:crypto'
import { api, startStudio, waitFor, type Answer, type Api, type TestStudio } from '@studio/testing'

const maximum = 1 << 20

let studio: TestStudio
let ada: Api
let eve: Api

beforeAll(async () => {
  studio = await startStudio({
    services: ['blob', 'delta-engine', 'dag', 'provider-registry', 'gateway'],
    env: { STUDIO_MAX_BLOB_BYTES: String(maximum) },
  })
  ada = studio.as('ada')
  eve = studio.as('eve')
})
afterAll(() => studio?.stop())

const base = '/api/v1/studio'
const json = { 'content-type': 'application/json' }
const patchType = { 'content-type': 'application/json-patch+json' }

async function create(
  body: object = { content_type: 'application/json', text: '{"a":1}' },
): Promise<{ id: string; etag: string; content_hash: string }> {
  const { status, headers, body: answer } = await ada.post(`${base}/blobs`, { providers: 'none', ...body })
  expect(status).toBe(201)
  return { id: answer.data.id, content_hash: answer.data.content_hash, etag: headers.get('etag') ?? '' }
}

/** All that a tenant can see of what is written: blobs, their versions, and deltas that are not failed. */
async function written(): Promise<unknown> {
  const { body } = await ada.get(`${base}/blobs?limit=200`)
  const blobs = body.data as { id: string; version: number }[]
  return Promise.all(
    blobs.map(async ({ id, version }) => {
      const [versions, pending] = await Promise.all([
        ada.get(`${base}/blobs/${id}/versions`),
        ada.get(`${base}/blobs/${id}/deltas?status=pending`),
      ])
      return {
        id,
        version,
        versions: (versions.body.data as { content_hash: string }[]).map((one) => one.content_hash),
        pending: (pending.body.data as unknown[]).length,
      }
    }),
  )
}

/** A refused request: its problem has the code, and nothing that can be seen has changed. */
async function refused(request: () => Promise<Answer>, status: number, code: string): Promise<Answer> {
  await waitFor('deltas to be marked', async () =>
    ((await written()) as { pending: number }[]).every(({ pending }) => pending === 0),
  )
  const before = await written()
  const answer = await request()
  expect({ status: answer.status, code: answer.body?.code }).toEqual({ status, code })
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(await written()).toEqual(before)
  return answer
}

describe('a blob', () => {
  test('keeps exactly the bytes that were sent', async () => {
    const text = ' { "b" : 1.0, "a" : 1e2 } '
    const { id, content_hash } = await create({ text, content_type: 'application/json' })
    const { body, headers } = await ada.request('GET', `${base}/blobs/${id}/content`)
    expect(headers.get('content-length')).toBe(String(text.length))
    expect(body).toEqual(JSON.parse(text))
    expect((await ada.get(`${base}/blobs/${id}?include=content`)).body.data).toMatchObject({
      text,
      content_hash,
      version: 1,
      created_by: 'user',
      parent_id: null,
      root_id: id,
      depth: 0,
    })
  })

  test('may be large: it is staged, and read back whole', async () => {
    const bytes = Buffer.alloc(maximum, 'studio ')
    const { status, body } = await ada.post(`${base}/blobs`, bytes, {
      'content-type': 'application/octet-stream',
      'studio-metadata': '{"large":true}',
    })
    expect(status).toBe(201)
    expect(body.data).toMatchObject({ size: maximum, metadata: { large: true } })
    const { body: read } = await ada.get(`${base}/blobs/${body.data.id}/content`)
    expect(bytes.equals(read as Buffer)).toBe(true)
  })

  test('is changed by JSON Patch, Merge Patch and whole content; each change is a version and a delta', async () => {
    const { id } = await create()
    const steps = [
      () => ada.patch(`${base}/blobs/${id}`, JSON.stringify({ op: 'add', path: '/b', value: [1] }), patchType),
      () => ada.patch(`${base}/blobs/${id}`, '{"a":null}', { 'content-type': 'application/merge-patch+json' }),
      () => ada.patch(`${base}/blobs/${id}`, { patch: [{ op: 'add', path: '/b/-', value: 2 }], from_version: 3 }),
      () => ada.put(`${base}/blobs/${id}/content`, '{"c":3}', json),
      () => ada.patch(`${base}/blobs/${id}`, { metadata: { note: 'x' } }),
    ]
    const texts: string[] = []
    for (const [index, step] of steps.entries()) {
      const { status, body } = await step()
      expect({ status, version: body.data?.version ?? body }).toEqual({ status: 200, version: index + 2 })
      texts.push((await ada.get(`${base}/blobs/${id}/versions/${index + 2}?include=content`)).body.data.text as string)
    }
    expect(texts.map((text): unknown => JSON.parse(text))).toEqual([
      { a: 1, b: [1] },
      { b: [1] },
      { b: [1, 2] },
      { c: 3 },
      { c: 3 },
    ])
    expect((await ada.get(`${base}/blobs/${id}`)).body.data.metadata).toEqual({ note: 'x' })
    await waitFor(
      'all deltas to be applied',
      async () => (await ada.get(`${base}/blobs/${id}/deltas?status=applied`)).body.data.length === 6,
    )
    const deltas = (await ada.get(`${base}/blobs/${id}/deltas`)).body.data as { id: string; to_version: number }[]
    expect(deltas.map(({ to_version }) => to_version)).toEqual([6, 5, 4, 3, 2, 1])
    expect((await ada.get(`${base}/deltas/${deltas[0]!.id}`)).body.data).toEqual(deltas[0])
  })

  test('is made once under one idempotency key', async () => {
    const key = { 'idempotency-key': randomUUID() }
    const body = { text: 'once', providers: 'none' }
    const [first, second] = await Promise.all([
      ada.post(`${base}/blobs`, body, key),
      ada.post(`${base}/blobs`, body, key),
    ])
    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.body.data.id).toBe(first.body.data.id)
    await refused(() => ada.post(`${base}/blobs`, { ...body, text: 'other' }, key), 409, 'idempotency_conflict')
  })

  test('is gone after deletion, for the owner and for others, and comes back', async () => {
    const { id } = await create()
    expect((await ada.delete(`${base}/blobs/${id}`)).body.data).toMatchObject({
      version: 2,
      deleted_at: expect.any(String),
    })
    for (const path of ['', '/content'])
      expect((await ada.get(`${base}/blobs/${id}${path}`)).body.code).toBe('blob_deleted')
    expect((await eve.get(`${base}/blobs/${id}`)).body.code).toBe('blob_not_found')
    await refused(() => ada.patch(`${base}/blobs/${id}`, { text: '{}' }), 410, 'blob_deleted')
    expect((await ada.get(`${base}/blobs/${id}/versions/1/content`)).body).toEqual({ a: 1 })
    const back = await ada.post(`${base}/blobs/${id}/revert`, { to_version: 1 })
    expect(back.body.data).toMatchObject({ version: 3, deleted_at: null })
  })
})

describe('conditional requests', () => {
  test('304 while the tag holds, 200 after a change', async () => {
    const { id, etag } = await create()
    const read = () => ada.get(`${base}/blobs/${id}/content`, { headers: { 'if-none-match': etag } })
    expect((await read()).status).toBe(304)
    await ada.patch(`${base}/blobs/${id}`, { text: '{"a":2}' })
    expect((await read()).status).toBe(200)
  })

  test('a stale If-Match is 412, a stale from_version 409; of two writers one wins', async () => {
    const { id, etag } = await create()
    const write = (value: number) => ada.patch(`${base}/blobs/${id}`, { text: `{"a":${value}}` }, { 'if-match': etag })
    const statuses = (await Promise.all([write(2), write(3)])).map(({ status }) => status).sort()
    expect(statuses).toEqual([200, 412])
    await refused(() => write(4), 412, 'precondition_failed')
    await refused(() => ada.patch(`${base}/blobs/${id}`, { text: '{}', from_version: 1 }), 409, 'version_conflict')
    await refused(() => ada.put(`${base}/blobs/${id}/content?from_version=1`, '{}', json), 409, 'version_conflict')
    await refused(() => ada.delete(`${base}/blobs/${id}?from_version=1`), 409, 'version_conflict')
    await refused(() => ada.delete(`${base}/blobs/${id}`, { body: { from_version: 1 } }), 422, 'invalid_request')
    await refused(
      () => ada.put(`${base}/blobs/${id}/content`, '{}', { ...json, 'if-match': '"v9-0000000000000000"' }),
      412,
      'precondition_failed',
    )
    await refused(
      () => ada.delete(`${base}/blobs/${id}`, { headers: { 'if-match': etag } }),
      412,
      'precondition_failed',
    )
  })
})

describe('bad input', () => {
  const post =
    (body: unknown, headers: Record<string, string> = json) =>
    () =>
      ada.post(`${base}/blobs`, body, headers)

  test.each<[string, () => () => Promise<Answer>, number, string]>([
    ['wrong JSON', () => post('{"text":'), 400, 'malformed_json'],
    ['wrong types', () => post('{"text":1}'), 422, 'invalid_request'],
    ['an unknown member', () => post('{"text":"a","size":1}'), 422, 'invalid_request'],
    ['an empty content type', () => post({ text: 'a', content_type: '' }), 422, 'invalid_content_type'],
    ['a malformed content type', () => post({ text: 'a', content_type: 'text' }), 422, 'invalid_content_type'],
    ['JSON content that is none', () => post({ text: '{', content_type: 'application/json' }), 422, 'invalid_content'],
    ['text that is not UTF-8', () => post(Buffer.from([0xff]), { 'content-type': 'text/plain' }), 422, 'invalid_utf8'],
    [
      'content that is not there',
      () => post({ content_id: '0'.repeat(64), content_type: 'text/plain' }),
      404,
      'content_not_found',
    ],
    ['an oversized body', () => post(Buffer.alloc(maximum + 1), { 'content-type': 'a/b' }), 413, 'body_too_large'],
    ['an oversized envelope', () => post({ text: 'x'.repeat(2 * maximum) }), 413, 'body_too_large'],
    ['oversized metadata', () => post({ text: 'a', metadata: { x: 'x'.repeat(20_000) } }), 422, 'invalid_request'],
  ])('create refuses %s', async (_what, request, status, code) => {
    await refused(request(), status, code)
  })

  test.each<[string, unknown, Record<string, string>, number, string]>([
    ['a malformed patch', '[{"op":"add"}]', patchType, 422, 'malformed_patch'],
    ['an unknown operation', '[{"op":"swap","path":"/a"}]', patchType, 422, 'malformed_patch'],
    ['a patch that does not fit', '[{"op":"remove","path":"/none"}]', patchType, 422, 'patch_failed'],
    [
      'a failed test',
      '[{"op":"replace","path":"/a","value":5},{"op":"test","path":"/a","value":6}]',
      patchType,
      409,
      'patch_test_failed',
    ],
    ['broken JSON', '[', patchType, 400, 'malformed_json'],
    ['an unknown kind of patch', 'a=b', { 'content-type': 'application/sql' }, 415, 'unsupported_media_type'],
    ['an empty operation', '{"patch":null}', json, 422, 'malformed_patch'],
    ['a version of a wrong type', '{"text":"{}","from_version":"1"}', json, 422, 'invalid_request'],
    ['a version that is not there', '{"text":"{}","from_version":7}', json, 409, 'version_conflict'],
  ])('update refuses %s', async (_what, body, headers, status, code) => {
    const { id } = await create()
    await refused(() => ada.patch(`${base}/blobs/${id}`, body, headers), status, code)
  })

  test('a JSON Patch of a text', async () => {
    const { id } = await create({ text: 'plain' })
    await refused(
      () => ada.patch(`${base}/blobs/${id}`, '[{"op":"add","path":"/a","value":1}]', patchType),
      422,
      'patch_not_applicable',
    )
  })

  test('unknown ids', async () => {
    const id = randomUUID()
    await refused(() => ada.patch(`${base}/blobs/${id}`, { text: 'a' }), 404, 'blob_not_found')
    await refused(() => ada.delete(`${base}/blobs/${id}`), 404, 'blob_not_found')
    await refused(() => ada.post(`${base}/blobs/${id}/revert`, { to_version: 1 }), 404, 'blob_not_found')
    await refused(() => ada.get(`${base}/blobs/${id}/deltas`), 404, 'blob_not_found')
    await refused(() => ada.get(`${base}/deltas/${id}`), 404, 'delta_not_found')
    await refused(() => ada.get(`${base}/jobs/${id}`), 404, 'job_not_found')
    await refused(() => ada.post(`${base}/jobs/${id}/retry`), 404, 'job_not_found')
    await refused(() => ada.get(`${base}/providers/none`), 404, 'provider_not_found')
    await refused(() => ada.patch(`${base}/providers/none`, { status: 'disabled' }), 404, 'provider_not_found')
    const { id: own } = await create()
    await refused(() => ada.post(`${base}/providers/none/process`, { blob_id: own }), 404, 'provider_not_found')
    await refused(() => ada.post(`${base}/blobs/${own}/revert`, { to_version: 9 }), 404, 'version_not_found')
  })
})

describe('who asks', () => {
  test('a foreign blob is answered as a missing one, byte for byte, whatever is asked', async () => {
    const { id, etag } = await create()
    const missing = randomUUID()
    const requests: ((id: string) => Promise<Answer>)[] = [
      ...[
        '',
        '/content',
        '/versions',
        '/versions/1',
        '/versions/1/content',
        '?version=1',
        `/content?at=${new Date().toISOString()}`,
        '/diff?from=1&to=1',
        '/deltas',
        '/deltas?from=0',
        '/deltas/latest',
        '/dag',
        '/children',
        '/runs',
      ].map((path) => (blob: string) => eve.get(`${base}/blobs/${blob}${path}`)),
      (blob) => eve.patch(`${base}/blobs/${blob}`, { text: 'mine' }),
      (blob) => eve.patch(`${base}/blobs/${blob}`, { text: 'mine' }, { 'if-match': etag }),
      (blob) => eve.put(`${base}/blobs/${blob}/content`, 'mine', { 'content-type': 'text/plain' }),
      (blob) => eve.delete(`${base}/blobs/${blob}`),
      (blob) => eve.post(`${base}/blobs/${blob}/revert`, { to_version: 1 }),
      (blob) => eve.patch(`${base}/blobs/${blob}?dry_run=true`, { text: 'mine' }),
      (blob) => eve.post(`${base}/batches`, { operations: [{ op: 'delete', blob_id: blob }] }),
    ]
    for (const request of requests) {
      const [foreign, none] = (await Promise.all([request(id), request(missing)])).map(({ status, body }) => ({
        status,
        ...(body as object),
        instance: undefined,
      }))
      expect(foreign).toMatchObject({ status: 404, code: 'blob_not_found' })
      expect(foreign).toEqual(none)
    }
    expect((await ada.get(`${base}/blobs/${id}`)).body.data.version).toBe(1)
    expect((await eve.get(`${base}/blobs`)).body.data).toEqual([])
  })

  test('a foreign hash is no content', async () => {
    const { content_hash } = await create({ text: 'only hers' })
    const { status, body } = await eve.post(`${base}/blobs`, { content_id: content_hash, content_type: 'text/plain' })
    expect([status, body.code]).toEqual([404, 'content_not_found'])
  })

  test('missing, broken, foreign and expired tokens', async () => {
    const withToken = (token?: string) => () => api(studio.url, token).post(`${base}/blobs`, { text: 'a' })
    const answer = await refused(withToken(), 401, 'unauthenticated')
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="studio"')
    await refused(withToken('a.b.c'), 401, 'unauthenticated')
    await refused(withToken(`${studio.tokenFor('ada')}x`), 401, 'unauthenticated')
    await refused(withToken(studio.tokenFor('ada', { exp: 1 })), 401, 'token_expired')
  })
})

test('a part that is away is told after a while, one that comes back is waited for', async () => {
  const { id } = await create()
  await studio.kill('blob')
  const late = ada.get(`${base}/blobs/${id}`)
  await studio.start('blob')
  expect((await late).status).toBe(200)
  await studio.kill('blob')
  const { status, headers, body } = await ada.get(`${base}/blobs/${id}`)
  expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'dependency_unavailable', '2'])
  expect(JSON.stringify(body)).not.toContain('127.0.0.1')
  await studio.start('blob')
  expect((await ada.get(`${base}/blobs/${id}`)).status).toBe(200)
})
