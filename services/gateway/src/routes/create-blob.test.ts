import { request as rawRequest } from 'node:http'
import { answer, BlobResource, DryRunResource } from '@studio/contracts'
import { maximum, inner, gateway, token, call, created, problem } from '../../tests/route-fixture.ts'

describe('create', () => {
  test('from text', async () => {
    const { status, headers, json } = await call('POST', '/blobs', {
      body: { text: 'hello', metadata: { title: 'A' } },
    })
    expect(status).toBe(201)
    const { data } = answer(BlobResource).parse(json)
    expect(data).toMatchObject({ content_type: 'text/plain', size: 5, version: 1, metadata: { title: 'A' } })
    expect(headers.get('location')).toBe(`/api/v1/studio/blobs/${data.id}`)
    expect(headers.get('etag')).toBe(`"v1-${data.content_hash.slice(0, 16)}"`)
    expect(headers.get('vary')).toBe('Authorization')
  })

  test('from base64, under the short address', async () => {
    const { status, headers } = await call('POST', '/blobs', {
      base: '/api/v1',
      body: { content: 'AAEC', content_type: 'image/PNG' },
    })
    expect(status).toBe(201)
    expect(headers.get('location')).toMatch(/^\/api\/v1\/blobs\//)
    expect(inner.submitted.at(-1)?.change).toEqual({
      format: 'replace',
      content: { base64: 'AAEC' },
      content_type: 'image/png',
    })
  })

  test('from content that is there already', async () => {
    const { content_hash } = await created({ text: 'known' })
    expect(await created({ content_id: content_hash, content_type: 'text/plain' })).toMatchObject({
      content_hash,
      size: 5,
    })
  })

  test('from a raw body; metadata in a header', async () => {
    const response = await call('POST', '/blobs', {
      body: new Uint8Array([1, 2, 3]),
      headers: {
        'content-type': 'application/octet-stream',
        'studio-metadata': Buffer.from('{"title":"Grüße"}').toString('latin1'),
      },
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
    expect(
      await problem(call('POST', '/blobs', { body: { text: 'a' }, headers: { 'idempotency-key': 'x'.repeat(251) } })),
    ).toMatchObject({ status: 422, pointers: ['Idempotency-Key'] })
  })

  test('a dry run makes no blob, and stages nothing', async () => {
    const staged = inner.staged.length
    const text = 'x'.repeat(300_000)
    for (const request of [
      call('POST', '/blobs?dry_run=true', { body: { text } }),
      call('POST', '/blobs?dry_run=true', { body: text, headers: { 'content-type': 'text/plain' } }),
    ]) {
      const { status, headers, json } = await request
      expect([status, headers.get('location')]).toEqual([200, null])
      expect(answer(DryRunResource).parse(json).data).toMatchObject({ blob_id: null, operation: 'create', text })
    }
    expect(inner.staged.length).toBe(staged)
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
    ['a policy with an endless name', { text: 'a', providers: ['x'.repeat(200_000)] }, ['/providers/0']],
    ['a policy with what no provider is called', { text: 'a', providers: ['\u0001'] }, ['/providers/0']],
    ['a policy with too many names', { text: 'a', providers: Array(51).fill('shout') }, ['/providers']],
    ['an endless content type', { text: 'a', content_type: `a/${'b'.repeat(200_000)}` }, ['/content_type']],
    ['an unknown conflict policy', { text: 'a', conflict_policy: 'hope' }, ['/conflict_policy']],
    ['a patch of what is not there', { text: 'a', patch: [] }, ['/patch']],
    ['what is for blobs that are there', { text: 'a', from_version: 1 }, ['/from_version']],
    ['no hash', { content_id: 'x', content_type: 'a/b' }, ['/content_id']],
  ])('refuses %s', async (_what, body, pointers) => {
    expect(
      await problem(
        call('POST', '/blobs', { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      ),
    ).toMatchObject({
      status: 422,
      code: 'invalid_request',
      pointers,
      submitted: 0,
    })
  })

  test.each<[string, string | Uint8Array<ArrayBuffer>, Record<string, string>, number, string]>([
    ['broken JSON', '{"text":', { 'content-type': 'application/json' }, 400, 'malformed_json'],
    ['an empty body', '', { 'content-type': 'application/json' }, 400, 'malformed_json'],
    [
      'JSON that is not UTF-8',
      new Uint8Array([0x22, 0xff, 0x22]),
      { 'content-type': 'application/json' },
      422,
      'invalid_utf8',
    ],
    [
      'deep JSON',
      `{"metadata":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      { 'content-type': 'application/json' },
      422,
      'json_too_deep',
    ],
    ['a form', 'text=a', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported_media_type'],
    [
      'an encoded body',
      'x',
      { 'content-type': 'text/plain', 'content-encoding': 'gzip' },
      415,
      'unsupported_media_type',
    ],
    ['a broken content type', 'x', { 'content-type': 'nonsense' }, 422, 'invalid_content_type'],
    ['a long content type', 'x', { 'content-type': `a/${'b'.repeat(254)}` }, 422, 'invalid_content_type'],
    ['broken metadata', 'x', { 'content-type': 'text/plain', 'studio-metadata': '{' }, 400, 'malformed_json'],
    ['deep metadata', 'x', { 'content-type': 'text/plain', 'studio-metadata': '['.repeat(100) }, 422, 'json_too_deep'],
    [
      'metadata of many pieces',
      'x',
      { 'content-type': 'text/plain', 'studio-metadata': `{"list":[${'{},'.repeat(300)}0]}` },
      422,
      'invalid_request',
    ],
    ['a large raw body', 'x'.repeat(maximum + 1), { 'content-type': 'text/plain' }, 413, 'body_too_large'],
    [
      'a large text',
      JSON.stringify({ text: 'x'.repeat(maximum + 1) }),
      { 'content-type': 'application/json' },
      413,
      'body_too_large',
    ],
    [
      'a large envelope',
      JSON.stringify({ text: 'x'.repeat(2 * maximum) }),
      { 'content-type': 'application/json' },
      413,
      'body_too_large',
    ],
  ])('refuses %s', async (_what, body, headers, status, code) => {
    expect(await problem(call('POST', '/blobs', { body, headers }))).toMatchObject({ status, code, submitted: 0 })
  })

  test.each([
    ['half a character', '{"text":"\\ud800"}', 'json_lone_surrogate', '/text'],
    ['a repeated member', '{"text":"a","metadata":{"b":[{"c":1,"c":1}]}}', 'json_duplicate_member', '/metadata/b/0/c'],
    [
      'a number that would be lost',
      '{"text":"a","metadata":{"b":9007199254740993}}',
      'json_lost_number',
      '/metadata/b',
    ],
    ['a number that is none', '{"text":"a","metadata":{"__proto__":1e400}}', 'json_lost_number', '/metadata/__proto__'],
  ])('refuses %s, and names the place', async (_what, body, code, pointer) => {
    expect(
      await problem(call('POST', '/blobs', { body, headers: { 'content-type': 'application/json' } })),
    ).toMatchObject({ status: 422, code, pointers: [pointer], submitted: 0 })
  })

  test.each([
    ['{"a":{"b":1e400}}', 'json_lost_number', '/a/b'],
    ['[]', 'invalid_request', ''],
    ['{"a":"\\u0000"}', 'invalid_request', ''],
  ])('metadata in a header is refused with its place there', async (metadata, code, pointer) => {
    const headers = { 'content-type': 'text/plain', 'studio-metadata': metadata }
    expect(await problem(call('POST', '/blobs', { body: 'x', headers }))).toMatchObject({
      code,
      pointers: [`Studio-Metadata${pointer}`],
    })
  })

  test('a body of unknown length is counted while it comes', async () => {
    const before = inner.submitted.length
    const status = await new Promise<number>((resolve, reject) => {
      const upload = rawRequest(`${gateway.url}/api/v1/blobs`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' },
      })
      upload.on('response', (response) => resolve(response.resume().statusCode ?? 0)).on('error', reject)
      for (let sent = 0; sent < 2 * maximum; sent += 65_536) upload.write(Buffer.alloc(65_536, 'x'))
      upload.end()
    })
    expect(status).toBe(413)
    expect(inner.submitted.length).toBe(before)
  })

  test('an unknown query parameter is refused', async () => {
    expect(await problem(call('POST', '/blobs?rwa=true', { body: { text: 'a' } }))).toMatchObject({
      status: 422,
      pointers: ['/rwa'],
    })
  })
})
