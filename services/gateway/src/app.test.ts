import { createSecretKey, randomUUID } from 'node:crypto'
import { request as rawRequest } from 'node:http'
import { BlobResource, GraphResource, JobResource, VersionResource, answer, page } from '@studio/contracts'
import { listen, type RunningServer } from '@studio/http'
import { createLogger } from '@studio/telemetry'
import { SignJWT } from 'jose'
import { internalToken, startInnerServices, type InnerServices } from '../tests/inner-services.ts'
import { createGatewayApp } from './app.ts'
import { createContext, type Context } from './context.ts'

const secret = 'the secret of the route tests, long enough'
const maximum = 1 << 20
const log = createLogger({ service: 'gateway', level: 'silent' })

let inner: InnerServices
let context: Context
let gateway: RunningServer
let token: string
let strangersToken: string

const tokenOf = (subject: string) => new SignJWT({}).setSubject(subject).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h').sign(createSecretKey(secret, 'utf8'))

beforeAll(async () => {
  inner = await startInnerServices()
  context = createContext(
    {
      PORT: 0, HOST: '127.0.0.1', LOG_LEVEL: 'silent', STUDIO_INTERNAL_TOKEN: internalToken, STUDIO_JWT_SECRET: secret, STUDIO_MAX_BLOB_BYTES: maximum,
      BLOB_URL: inner.url, DELTA_ENGINE_URL: inner.url, DAG_URL: inner.url, PROVIDER_REGISTRY_URL: inner.url,
    },
    log,
  )
  gateway = await listen(createGatewayApp(context), { host: '127.0.0.1', port: 0, log })
  token = await tokenOf('ada')
  strangersToken = await tokenOf('eve')
})
afterAll(async () => {
  await gateway.close()
  await context.close()
  await inner.close()
})

interface Call {
  body?: string | Uint8Array<ArrayBuffer> | object
  headers?: Record<string, string>
  as?: string | null
  base?: string
}

async function call(method: string, path: string, { body, headers = {}, as = token, base = '/api/v1/studio' }: Call = {}) {
  const json = typeof body === 'object' && !(body instanceof Uint8Array)
  const response = await fetch(`${gateway.url}${base}${path}`, {
    method,
    headers: { ...(as !== null && { authorization: `Bearer ${as}` }), ...(json && { 'content-type': 'application/json' }), ...headers },
    body: json ? JSON.stringify(body) : (body ?? null),
  })
  const text = await response.text()
  const type = response.headers.get('content-type') ?? ''
  return { status: response.status, headers: response.headers, text, json: (type.includes('json') && text !== '' ? JSON.parse(text) : undefined) as never }
}

const created = async (body: object = { text: 'hello' }) => answer(BlobResource).parse((await call('POST', '/blobs', { body })).json).data

async function problem(expected: Promise<Awaited<ReturnType<typeof call>>>) {
  const before = inner.submitted.length
  const { status, headers, json } = await expected
  expect(headers.get('content-type')).toBe('application/problem+json')
  const { code, instance, errors } = json as { code: string; instance: string; errors?: { pointer: string }[] }
  expect(instance).toMatch(/^urn:studio:request:[0-9a-f]{32}$/)
  return { status, code, pointers: errors?.map(({ pointer }) => pointer), submitted: inner.submitted.length - before, headers }
}

describe('create', () => {
  test('from text', async () => {
    const { status, headers, json } = await call('POST', '/blobs', { body: { text: 'hello', metadata: { title: 'A' } } })
    expect(status).toBe(201)
    const { data } = answer(BlobResource).parse(json)
    expect(data).toMatchObject({ content_type: 'text/plain', size: 5, version: 1, metadata: { title: 'A' } })
    expect(headers.get('location')).toBe(`/api/v1/studio/blobs/${data.id}`)
    expect(headers.get('etag')).toBe(`"v1-${data.content_hash.slice(0, 16)}"`)
    expect(headers.get('vary')).toBe('Authorization')
  })

  test('from base64, under the short address', async () => {
    const { status, headers } = await call('POST', '/blobs', { base: '/api/v1', body: { content: 'AAEC', content_type: 'image/PNG' } })
    expect(status).toBe(201)
    expect(headers.get('location')).toMatch(/^\/api\/v1\/blobs\//)
    expect(inner.submitted.at(-1)?.change).toEqual({ format: 'replace', content: { base64: 'AAEC' }, content_type: 'image/png' })
  })

  test('from content that is there already', async () => {
    const { content_hash } = await created({ text: 'known' })
    expect(await created({ content_id: content_hash, content_type: 'text/plain' })).toMatchObject({ content_hash, size: 5 })
  })

  test('from a raw body; metadata in a header', async () => {
    const response = await call('POST', '/blobs', {
      body: new Uint8Array([1, 2, 3]),
      headers: { 'content-type': 'application/octet-stream', 'studio-metadata': Buffer.from('{"title":"Grüße"}').toString('latin1') },
    })
    expect(response.status).toBe(201)
    expect(answer(BlobResource).parse(response.json).data).toMatchObject({ size: 3, metadata: { title: 'Grüße' } })
  })

  test('raw=true keeps JSON as it is', async () => {
    const body = '{ "text" : 1 }'
    const response = await call('POST', '/blobs?raw=true', { body, headers: { 'content-type': 'application/json' } })
    const { id } = answer(BlobResource).parse(response.json).data
    expect((await call('GET', `/blobs/${id}/content`)).text).toBe(body)
  })

  test('large content is staged at blob, and a delta holds its hash only', async () => {
    const bytes = new Uint8Array(300_000).fill(7)
    const before = inner.staged.length
    await call('POST', '/blobs', { body: bytes, headers: { 'content-type': 'image/png' } })
    await created({ text: 'x'.repeat(300_000) })
    expect(inner.staged.slice(before)).toEqual([300_000, 300_000])
    expect(inner.submitted.at(-1)?.change).toMatchObject({ content: { hash: expect.any(String) } })
    const { id } = await created({ text: 'y'.repeat(300_000) })
    expect((await call('GET', `/blobs/${id}/content`)).text).toBe('y'.repeat(300_000))
  })

  test('hands on the idempotency key', async () => {
    await call('POST', '/blobs', { body: { text: 'a' }, headers: { 'idempotency-key': 'k1' } })
    expect(inner.submitted.at(-1)).toMatchObject({ idempotency_key: 'k1', operation: 'create', from_version: null })
    expect(await problem(call('POST', '/blobs', { body: { text: 'a' }, headers: { 'idempotency-key': 'x'.repeat(256) } }))).toMatchObject({ status: 422, pointers: ['Idempotency-Key'] })
  })

  test.each<[string, unknown, string[] | undefined]>([
    ['no content', {}, ['/content_type']],
    ['no content but a type', { content_type: 'text/plain' }, ['']],
    ['two contents', { text: 'a', content: 'AAAA', content_type: 'text/plain' }, ['']],
    ['unknown members', { text: 'a', colour: 'red' }, ['/colour']],
    ['a wrong type', { text: 1 }, ['/text']],
    ['an array', [], ['']],
    ['no base64', { content: 'AA', content_type: 'a/b' }, ['/content']],
    ['url-safe base64', { content: '-_-_', content_type: 'a/b' }, ['/content']],
    ['metadata of a wrong type', { text: 'a', metadata: 'x' }, ['/metadata']],
    ['large metadata', { text: 'a', metadata: { x: 'x'.repeat(16_384) } }, ['/metadata']],
    ['NUL in metadata', { text: 'a', metadata: { x: '\u0000' } }, ['/metadata']],
    ['a wrong policy', { text: 'a', providers: 'some' }, ['/providers']],
    ['half a character', { text: '\ud800' }, ['/text']],
    ['no hash', { content_id: 'x', content_type: 'a/b' }, ['/content_id']],
  ])('refuses %s', async (_what, body, pointers) => {
    expect(await problem(call('POST', '/blobs', { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }))).toMatchObject({
      status: 422, code: 'invalid_request', pointers, submitted: 0,
    })
  })

  test.each<[string, string | Uint8Array<ArrayBuffer>, Record<string, string>, number, string]>([
    ['broken JSON', '{"text":', { 'content-type': 'application/json' }, 400, 'malformed_json'],
    ['an empty body', '', { 'content-type': 'application/json' }, 400, 'malformed_json'],
    ['JSON that is not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), { 'content-type': 'application/json' }, 400, 'malformed_json'],
    ['deep JSON', `{"metadata":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, { 'content-type': 'application/json' }, 422, 'invalid_request'],
    ['a form', 'text=a', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported_media_type'],
    ['an encoded body', 'x', { 'content-type': 'text/plain', 'content-encoding': 'gzip' }, 415, 'unsupported_media_type'],
    ['a broken content type', 'x', { 'content-type': 'nonsense' }, 422, 'invalid_content_type'],
    ['broken metadata', 'x', { 'content-type': 'text/plain', 'studio-metadata': '{' }, 400, 'malformed_json'],
    ['deep metadata', 'x', { 'content-type': 'text/plain', 'studio-metadata': '['.repeat(100) }, 422, 'invalid_request'],
    ['a large raw body', 'x'.repeat(maximum + 1), { 'content-type': 'text/plain' }, 413, 'body_too_large'],
    ['a large text', JSON.stringify({ text: 'x'.repeat(maximum + 1) }), { 'content-type': 'application/json' }, 413, 'body_too_large'],
    ['a large envelope', JSON.stringify({ text: 'x'.repeat(2 * maximum) }), { 'content-type': 'application/json' }, 413, 'body_too_large'],
  ])('refuses %s', async (_what, body, headers, status, code) => {
    expect(await problem(call('POST', '/blobs', { body, headers }))).toMatchObject({ status, code, submitted: 0 })
  })

  test('a body of unknown length is counted while it comes', async () => {
    const before = inner.submitted.length
    const status = await new Promise<number>((resolve, reject) => {
      const upload = rawRequest(`${gateway.url}/api/v1/blobs`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' } })
      upload.on('response', (response) => resolve(response.resume().statusCode ?? 0)).on('error', reject)
      for (let sent = 0; sent < 2 * maximum; sent += 65_536) upload.write(Buffer.alloc(65_536, 'x'))
      upload.end()
    })
    expect(status).toBe(413)
    expect(inner.submitted.length).toBe(before)
  })

  test('an unknown query parameter is refused', async () => {
    expect(await problem(call('POST', '/blobs?rwa=true', { body: { text: 'a' } }))).toMatchObject({ status: 422, pointers: ['/rwa'] })
  })
})

describe('read', () => {
  test('metadata, and 304 under its tag', async () => {
    const { id } = await created()
    const first = await call('GET', `/blobs/${id}`)
    answer(BlobResource).parse(first.json)
    const tag = first.headers.get('etag')!
    const again = await call('GET', `/blobs/${id}`, { headers: { 'if-none-match': tag } })
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', tag])
    expect((await call('GET', `/blobs/${id}`, { headers: { 'if-none-match': '"v9-0000000000000000"' } })).status).toBe(200)
  })

  test('content and processing on demand', async () => {
    const { id } = await created({ text: 'grüß' })
    const { data } = answer(BlobResource).parse((await call('GET', `/blobs/${id}?include=content,processing`)).json)
    expect(data.text).toBe('grüß')
    expect(data.processed_by?.['text-expander']).toEqual({ status: 'dirty', run_id: null, at: null, blob_id: id })
    const image = await created({ content: '/w==', content_type: 'image/png' })
    expect(answer(BlobResource).parse((await call('GET', `/blobs/${image.id}?include=content`)).json).data).toMatchObject({ content: '/w==' })
    expect(await problem(call('GET', `/blobs/${id}?include=everything`))).toMatchObject({ status: 422, code: 'invalid_request' })
  })

  test('raw content, safe for a browser', async () => {
    const { id, content_hash } = await created({ text: '<script>', content_type: 'text/html' })
    const { text, headers } = await call('GET', `/blobs/${id}/content`)
    expect(text).toBe('<script>')
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-length': '8',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'content-disposition': 'attachment',
      'cache-control': 'private, no-cache',
      etag: `"v1-${content_hash.slice(0, 16)}"`,
    })
    const head = await call('HEAD', `/blobs/${id}/content`)
    expect([head.status, head.text, head.headers.get('content-length')]).toEqual([200, '', '8'])
    expect((await call('HEAD', `/blobs/${id}`)).status).toBe(200)
  })

  test('versions are immutable', async () => {
    const { id } = await created()
    const { json, headers } = await call('GET', `/blobs/${id}/versions/1?include=content`)
    expect(answer(VersionResource).parse(json).data).toMatchObject({ version: 1, operation: 'create', text: 'hello' })
    expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
    expect((await call('GET', `/blobs/${id}/versions/1/content`)).text).toBe('hello')
    page(VersionResource).parse((await call('GET', `/blobs/${id}/versions`)).json)
  })

  test('a graph that dag has not heard of is one node and not settled', async () => {
    const { id } = await created()
    const { data } = answer(GraphResource).parse((await call('GET', `/blobs/${id}/dag`)).json)
    expect(data).toMatchObject({ root_id: id, edges: [], levels: [[id]], settled: false, nodes: [{ blob_id: id, version: 1 }] })
  })

  test('lists in pages', async () => {
    await created()
    await created()
    const { data, next } = page(BlobResource).parse((await call('GET', '/blobs?limit=1')).json)
    expect(data).toHaveLength(1)
    expect(next).toBe(data[0]!.id)
  })

  test.each(['limit=0', 'limit=201', 'limit=x', 'limit=1&limit=2', 'after=x', 'root_id=x', 'created_by=%00', 'order=up'])('refuses %s', async (query) => {
    expect(await problem(call('GET', `/blobs?${query}`))).toMatchObject({ status: 422, code: 'invalid_request', pointers: [`/${query.split('=')[0]}`] })
  })

  test('what is missing, foreign or not even an id is answered alike', async () => {
    const { id } = await created()
    const suffixes = ['', '?include=content', '/content', '/versions', '/versions/1', '/versions/1/content', '/dag', '/children', '/runs']
    for (const suffix of suffixes.slice(0, 7)) {
      const answers = await Promise.all([
        call('GET', `/blobs/${id}${suffix}`, { as: strangersToken }),
        call('GET', `/blobs/${randomUUID()}${suffix}`),
        call('GET', `/blobs/no-uuid${suffix}`),
      ])
      const bodies = answers.map(({ status, text }) => [status, text.replace(/urn:studio:request:\w+/, '')])
      expect(bodies[0]?.[0]).toBe(404)
      expect(bodies[1]).toEqual(bodies[0])
      expect(bodies[2]).toEqual(bodies[0])
    }
    expect(await problem(call('GET', `/blobs/${id}/versions/9`))).toMatchObject({ status: 404, code: 'version_not_found' })
    expect(await problem(call('GET', `/blobs/${id}/versions/99999999999`))).toMatchObject({ status: 404, code: 'version_not_found' })
    expect(await problem(call('GET', `/blobs/${id}/versions/one`))).toMatchObject({ status: 404, code: 'version_not_found' })
    expect(await problem(call('GET', `/deltas/${randomUUID()}`))).toMatchObject({ status: 404, code: 'delta_not_found' })
    expect(await problem(call('GET', '/jobs/x'))).toMatchObject({ status: 404, code: 'job_not_found' })
    expect(await problem(call('GET', '/providers/none'))).toMatchObject({ status: 404, code: 'provider_not_found' })
    expect(await problem(call('GET', '/providers/%00'))).toMatchObject({ status: 404, code: 'provider_not_found' })
    expect(await problem(call('GET', '/nowhere'))).toMatchObject({ status: 404, code: 'not_found' })
  })
})

describe('change', () => {
  const patchType = { 'content-type': 'application/json-patch+json' }

  test('by JSON Patch, one operation or many; by Merge Patch; by envelope; by raw content', async () => {
    const { id } = await created()
    const operation = { op: 'add', path: '/a', value: 1 }
    expect((await call('PATCH', `/blobs/${id}`, { body: JSON.stringify(operation), headers: patchType })).status).toBe(200)
    expect(inner.submitted.at(-1)).toMatchObject({ operation: 'update', change: { format: 'json-patch', patch: [operation] } })
    await call('PATCH', `/blobs/${id}`, { body: JSON.stringify([operation, operation]), headers: patchType })
    expect(inner.submitted.at(-1)?.change).toEqual({ format: 'json-patch', patch: [operation, operation] })
    await call('PATCH', `/blobs/${id}`, { body: '{"a":null}', headers: { 'content-type': 'application/merge-patch+json' } })
    expect(inner.submitted.at(-1)?.change).toEqual({ format: 'merge-patch', patch: { a: null } })
    await call('PATCH', `/blobs/${id}`, { body: { patch: operation, from_version: 4, metadata: { b: 1 } } })
    expect(inner.submitted.at(-1)).toMatchObject({ change: { format: 'json-patch' }, from_version: 4, expected: 'from_version', metadata: { b: 1 } })
    const response = await call('PATCH', `/blobs/${id}`, { body: { metadata: { c: 1 } } })
    expect(inner.submitted.at(-1)).toMatchObject({ change: null, metadata: { c: 1 } })
    expect(answer(BlobResource).parse(response.json).data).toMatchObject({ version: 6, metadata: { c: 1 } })
    const put = await call('PUT', `/blobs/${id}/content`, { body: 'new', headers: { 'content-type': 'text/plain' } })
    expect([put.status, put.headers.get('etag')]).toEqual([200, expect.stringMatching(/^"v7-/)])
  })

  test('If-Match', async () => {
    const blob = await created()
    const { id } = blob
    const tag = `"v1-${blob.content_hash.slice(0, 16)}"`
    const patch = (ifMatch: string) => call('PATCH', `/blobs/${id}`, { body: { text: 'new' }, headers: { 'if-match': ifMatch } })
    expect((await patch(tag)).status).toBe(200)
    expect(inner.submitted.at(-1)).toMatchObject({ from_version: 1, expected: 'if_match' })
    expect((await patch('*')).status).toBe(200)
    expect(await problem(patch(tag))).toMatchObject({ status: 412, code: 'precondition_failed' })
    for (const other of [`W/${tag}`, '"x"', 'x', `"x", ${tag}`]) expect(await problem(patch(other))).toMatchObject({ status: 412, submitted: 0 })
    expect((await patch(`"x", "v3-${(await created({ text: 'new' })).content_hash.slice(0, 16)}"`)).status).toBe(200)
    expect(await problem(call('PATCH', `/blobs/${id}`, { body: { text: 'a', from_version: 2 } }))).toMatchObject({ status: 409, code: 'version_conflict' })
    expect(await problem(call('PATCH', `/blobs/${id}`, { body: { text: 'a', from_version: 2 }, headers: { 'if-match': tag } }))).toMatchObject({ status: 422, pointers: ['/from_version'] })
    expect(await problem(call('PATCH', `/blobs/${randomUUID()}`, { body: { text: 'a' }, headers: { 'if-match': '"x"' } }))).toMatchObject({ status: 404 })
  })

  test('deletion answers the tombstone; then 410 for the owner, 404 for others, and history stays', async () => {
    const { id } = await created()
    const { status, json } = await call('DELETE', `/blobs/${id}`)
    expect(status).toBe(200)
    expect(answer(BlobResource).parse(json).data).toMatchObject({ version: 2, deleted_at: expect.any(String) })
    expect(await problem(call('GET', `/blobs/${id}`))).toMatchObject({ status: 410, code: 'blob_deleted' })
    expect(await problem(call('GET', `/blobs/${id}/content`))).toMatchObject({ status: 410 })
    expect(await problem(call('GET', `/blobs/${id}/versions/2/content`))).toMatchObject({ status: 410 })
    expect(await problem(call('GET', `/blobs/${id}`, { as: strangersToken }))).toMatchObject({ status: 404, code: 'blob_not_found' })
    expect((await call('GET', `/blobs/${id}/versions/1/content`)).text).toBe('hello')
    const back = await call('POST', `/blobs/${id}/revert`, { body: { to_version: 1 } })
    expect(back.status).toBe(200)
    expect(inner.submitted.at(-1)).toMatchObject({ operation: 'revert', revert_to: 1 })
  })

  test.each<[string, string, Record<string, string>, number, string]>([
    ['text', 'x', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    ['a number as JSON Patch', '1', patchType, 422, 'malformed_patch'],
    ['an operation without a path', '[{"op":"add"}]', patchType, 422, 'malformed_patch'],
    ['broken JSON', '[{', patchType, 400, 'malformed_json'],
    ['a large patch', JSON.stringify([{ op: 'add', path: '', value: 'x'.repeat(1 << 20) }]), patchType, 413, 'body_too_large'],
    ['an empty envelope', '{}', { 'content-type': 'application/json' }, 422, 'invalid_request'],
    ['content and a patch', '{"text":"a","patch":[]}', { 'content-type': 'application/json' }, 422, 'invalid_request'],
    ['version 0', '{"text":"a","from_version":0}', { 'content-type': 'application/json' }, 422, 'invalid_request'],
    ['a malformed patch in an envelope', '{"patch":"x"}', { 'content-type': 'application/json' }, 422, 'malformed_patch'],
  ])('PATCH refuses %s', async (_what, body, headers, status, code) => {
    const { id } = await created()
    expect(await problem(call('PATCH', `/blobs/${id}`, { body, headers }))).toMatchObject({ status, code, submitted: 0 })
  })

  test('what delta-engine refuses is answered as it was said', async () => {
    const { id } = await created()
    inner.failNext('derived_blob_read_only')
    expect(await problem(call('PUT', `/blobs/${id}/content`, { body: 'x' }))).toMatchObject({ status: 409, code: 'derived_blob_read_only' })
  })
})

describe('providers', () => {
  test('process takes a job on', async () => {
    const { id } = await created()
    const { status, headers, json } = await call('POST', '/providers/text-expander/process', { body: { blob_id: id, configuration: { target_length: 100 } } })
    expect(status).toBe(202)
    const { data } = answer(JobResource).parse(json)
    expect(data).toMatchObject({ status: 'queued', input_ids: [id] })
    expect(headers.get('location')).toBe(`/api/v1/studio/jobs/${data.job_id}`)
  })

  test.each([{}, { blob_id: 'x' }, { blob_id: randomUUID(), configuration: 1 }, { blob_id: randomUUID(), label: 'a\nb' }, { blob_id: randomUUID(), extra: 1 }])('process refuses %j', async (body) => {
    expect(await problem(call('POST', '/providers/text-expander/process', { body }))).toMatchObject({ status: 422, code: 'invalid_request' })
  })

  test('a manifest is checked', async () => {
    expect(await problem(call('POST', '/providers', { body: { id: 'X' } }))).toMatchObject({ status: 422, code: 'invalid_request' })
  })
})

describe('who asks', () => {
  test.each<[string, Record<string, string>, string]>([
    ['no token', {}, 'Bearer realm="studio"'],
    ['another scheme', { authorization: 'Basic YTpi' }, 'Bearer realm="studio"'],
    ['a broken token', { authorization: 'Bearer x.y.z' }, 'error="invalid_token"'],
  ])('refuses %s', async (_what, headers, challenge) => {
    for (const [method, path] of [['GET', '/blobs'], ['POST', '/blobs'], ['GET', '/nowhere']] as const) {
      const refused = await problem(call(method, path, { as: null, headers }))
      expect(refused).toMatchObject({ status: 401, code: 'unauthenticated', submitted: 0 })
      expect(refused.headers.get('www-authenticate')).toContain(challenge)
    }
  })

  test('an expired token says so', async () => {
    const expired = await new SignJWT({ sub: 'ada' }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime(1).sign(createSecretKey(secret, 'utf8'))
    expect(await problem(call('GET', '/blobs', { as: expired }))).toMatchObject({ status: 401, code: 'token_expired' })
  })
})

test('the front page, health and metrics need no token', async () => {
  for (const path of ['/', '/api/v1', '/api/v1/studio', '/healthz', '/readyz', '/metrics']) {
    expect((await call('GET', path, { as: null, base: '' })).status).toBe(200)
  }
  expect((await call('GET', '/metrics', { as: null, base: '' })).text).toContain('studio_cache_hit_rate{cache_type="tokens"}')
})

test('a wrong method is told the right ones', async () => {
  const { status, code, headers } = await problem(call('PUT', `/blobs/${randomUUID()}`, { body: 'x' }))
  expect([status, code]).toEqual([405, 'method_not_allowed'])
  expect(headers.get('allow')).toContain('PATCH')
})

test('a dependency that is away is a 503 with Retry-After that names no address', async () => {
  inner.failNext('dependency_unavailable')
  const { id } = await created().catch(() => ({ id: '' }))
  expect(id).toBe('')
  inner.failNext('dependency_unavailable')
  const refused = await problem(call('POST', '/blobs', { body: { text: 'a' } }))
  expect(refused).toMatchObject({ status: 503, code: 'dependency_unavailable' })
  expect(refused.headers.get('retry-after')).toBe('2')
})
