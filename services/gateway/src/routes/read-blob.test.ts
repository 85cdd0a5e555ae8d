import { randomUUID } from 'node:crypto'
import { answer, BlobResource, GraphResource, page, VersionResource } from '@studio/contracts'
import { strangersToken, call, created, problem } from '../../tests/route-fixture.ts'

describe('read', () => {
  test('metadata, and 304 under its tag', async () => {
    const { id } = await created()
    const first = await call('GET', `/blobs/${id}`)
    answer(BlobResource).parse(first.json)
    const tag = first.headers.get('etag')!
    const again = await call('GET', `/blobs/${id}`, { headers: { 'if-none-match': tag } })
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', tag])
    expect((await call('GET', `/blobs/${id}`, { headers: { 'if-none-match': '"v9-0000000000000000"' } })).status).toBe(
      200,
    )
  })

  test('content and processing on demand', async () => {
    const { id } = await created({ text: 'grüß' })
    const { data } = answer(BlobResource).parse((await call('GET', `/blobs/${id}?include=content,processing`)).json)
    expect(data.text).toBe('grüß')
    expect(data.processed_by?.['text-expander']).toEqual({ status: 'dirty', run_id: null, at: null, blob_id: id })
    const image = await created({ content: '/w==', content_type: 'image/png' })
    expect(
      answer(BlobResource).parse((await call('GET', `/blobs/${image.id}?include=content`)).json).data,
    ).toMatchObject({ content: '/w==' })
    expect(await problem(call('GET', `/blobs/${id}?include=everything`))).toMatchObject({
      status: 422,
      code: 'invalid_request',
    })
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

  test('as it was: at a version, or at a time', async () => {
    const blob = await created()
    const { id } = blob
    await call('PATCH', `/blobs/${id}`, { body: { text: 'changed', metadata: { a: 1 } } })
    const { data } = answer(BlobResource).parse((await call('GET', `/blobs/${id}?version=1&include=content`)).json)
    expect(data).toEqual({ ...blob, text: 'hello' })
    const past = await call('GET', `/blobs/${id}/content?version=1`)
    expect([past.text, past.headers.get('etag')]).toEqual(['hello', `"v1-${blob.content_hash.slice(0, 16)}"`])
    expect((await call('GET', `/blobs/${id}/content?at=9999-12-31T23:59:59Z`)).text).toBe('changed')
    const later = new Date(Date.now() + 60_000).toISOString()
    const head = await call('GET', `/blobs/${id}?at=${later}`)
    expect(answer(BlobResource).parse(head.json).data).toMatchObject({ version: 2, metadata: { a: 1 } })
    await call('DELETE', `/blobs/${id}`)
    expect((await call('GET', `/blobs/${id}/content?version=2`)).text).toBe('changed')
    for (const past of ['version=3', `at=${later}`])
      expect(await problem(call('GET', `/blobs/${id}?${past}`))).toMatchObject({ status: 410, code: 'blob_deleted' })
    for (const past of ['version=4', 'at=2001-01-01T00:00:00%2B02:00'])
      expect(await problem(call('GET', `/blobs/${id}?${past}`))).toMatchObject({
        status: 404,
        code: 'version_not_found',
      })
    expect(await problem(call('GET', `/blobs/${id}?version=1`, { as: strangersToken }))).toMatchObject({
      status: 404,
      code: 'blob_not_found',
    })
  })

  test.each([
    ['version=0', '/version'],
    ['version=1&version=2', '/version'],
    ['at=yesterday', '/at'],
    ['at=0000-01-01T00:00:00Z', '/at'],
    ['version=1&at=2026-01-01T00:00:00Z', '/at'],
    ['version=1&include=processing', '/include'],
  ])('refuses a blob at %s', async (query, pointer) => {
    const { id } = await created()
    expect(await problem(call('GET', `/blobs/${id}?${query}`))).toMatchObject({
      status: 422,
      code: 'invalid_request',
      pointers: [pointer],
    })
  })

  test('a graph that dag has not heard of is one node and not settled', async () => {
    const { id } = await created()
    const { data } = answer(GraphResource).parse((await call('GET', `/blobs/${id}/dag`)).json)
    expect(data).toMatchObject({
      root_id: id,
      edges: [],
      levels: [[id]],
      settled: false,
      nodes: [{ blob_id: id, version: 1 }],
    })
  })

  test('lists in pages', async () => {
    await created()
    await created()
    const { data, next } = page(BlobResource).parse((await call('GET', '/blobs?limit=1')).json)
    expect(data).toHaveLength(1)
    expect(next).toBe(data[0]!.id)
  })

  test.each([
    'limit=0',
    'limit=201',
    'limit=x',
    'limit=1&limit=2',
    'after=x',
    'root_id=x',
    'created_by=%00',
    'order=up',
  ])('refuses %s', async (query) => {
    expect(await problem(call('GET', `/blobs?${query}`))).toMatchObject({
      status: 422,
      code: 'invalid_request',
      pointers: [`/${query.split('=')[0]}`],
    })
  })

  test('what is missing, foreign or not even an id is answered alike', async () => {
    const { id } = await created()
    const suffixes = [
      '',
      '?include=content',
      '/content',
      '/content?version=1',
      '/deltas',
      '/deltas?from=0',
      '/deltas/latest',
      '/versions',
      '/versions/1',
      '/versions/1/content',
      '/dag',
      '/children',
      '/runs',
    ]
    for (const suffix of suffixes.slice(0, 11)) {
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
    expect(await problem(call('GET', `/blobs/${id}/versions/9`))).toMatchObject({
      status: 404,
      code: 'version_not_found',
    })
    expect(await problem(call('GET', `/blobs/${id}/versions/99999999999`))).toMatchObject({
      status: 404,
      code: 'version_not_found',
    })
    expect(await problem(call('GET', `/blobs/${id}/versions/one`))).toMatchObject({
      status: 404,
      code: 'version_not_found',
    })
    expect(await problem(call('GET', `/deltas/${randomUUID()}`))).toMatchObject({
      status: 404,
      code: 'delta_not_found',
    })
    expect(await problem(call('GET', '/jobs/x'))).toMatchObject({ status: 404, code: 'job_not_found' })
    expect(await problem(call('GET', '/providers/none'))).toMatchObject({ status: 404, code: 'provider_not_found' })
    expect(await problem(call('GET', '/providers/%00'))).toMatchObject({ status: 404, code: 'provider_not_found' })
    expect(await problem(call('GET', '/nowhere'))).toMatchObject({ status: 404, code: 'not_found' })
  })
})
