import { randomUUID } from 'node:crypto'
import { answer, BlobResource } from '@studio/contracts'
import { inner, strangersToken, call, created, problem } from '../../tests/route-fixture.ts'

describe('change', () => {
  const patchType = { 'content-type': 'application/json-patch+json' }

  test('by JSON Patch, one operation or many; by Merge Patch; by envelope; by raw content', async () => {
    const { id } = await created()
    const operation = { op: 'add', path: '/a', value: 1 }
    expect((await call('PATCH', `/blobs/${id}`, { body: JSON.stringify(operation), headers: patchType })).status).toBe(
      200,
    )
    expect(inner.submitted.at(-1)).toMatchObject({
      operation: 'update',
      change: { format: 'json-patch', patch: [operation] },
    })
    await call('PATCH', `/blobs/${id}`, { body: JSON.stringify([operation, operation]), headers: patchType })
    expect(inner.submitted.at(-1)?.change).toEqual({ format: 'json-patch', patch: [operation, operation] })
    await call('PATCH', `/blobs/${id}`, {
      body: '{"a":null}',
      headers: { 'content-type': 'application/merge-patch+json' },
    })
    expect(inner.submitted.at(-1)?.change).toEqual({ format: 'merge-patch', patch: { a: null } })
    await call('PATCH', `/blobs/${id}`, { body: { patch: operation, from_version: 4, metadata: { b: 1 } } })
    expect(inner.submitted.at(-1)).toMatchObject({
      change: { format: 'json-patch' },
      from_version: 4,
      expected: 'from_version',
      metadata: { b: 1 },
    })
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
    const patch = (ifMatch: string) =>
      call('PATCH', `/blobs/${id}`, { body: { text: 'new' }, headers: { 'if-match': ifMatch } })
    expect((await patch(tag)).status).toBe(200)
    expect(inner.submitted.at(-1)).toMatchObject({ from_version: 1, expected: 'if_match' })
    expect((await patch('*')).status).toBe(200)
    expect(await problem(patch(tag))).toMatchObject({ status: 412, code: 'precondition_failed' })
    for (const other of [`W/${tag}`, '"x"', 'x', `"x", ${tag}`])
      expect(await problem(patch(other))).toMatchObject({ status: 412, submitted: 0 })
    expect((await patch(`"x", "v3-${(await created({ text: 'new' })).content_hash.slice(0, 16)}"`)).status).toBe(200)
    expect(await problem(call('PATCH', `/blobs/${id}`, { body: { text: 'a', from_version: 2 } }))).toMatchObject({
      status: 409,
      code: 'version_conflict',
    })
    expect(
      await problem(
        call('PATCH', `/blobs/${id}`, { body: { text: 'a', from_version: 2 }, headers: { 'if-match': tag } }),
      ),
    ).toMatchObject({ status: 422, pointers: ['/from_version'] })
    expect(
      await problem(call('PATCH', `/blobs/${randomUUID()}`, { body: { text: 'a' }, headers: { 'if-match': '"x"' } })),
    ).toMatchObject({ status: 404 })
  })

  test('deletion answers the tombstone; then 410 for the owner, 404 for others, and history stays', async () => {
    const { id } = await created()
    const { status, json } = await call('DELETE', `/blobs/${id}`)
    expect(status).toBe(200)
    expect(answer(BlobResource).parse(json).data).toMatchObject({ version: 2, deleted_at: expect.any(String) })
    expect(await problem(call('GET', `/blobs/${id}`))).toMatchObject({ status: 410, code: 'blob_deleted' })
    expect(await problem(call('GET', `/blobs/${id}/content`))).toMatchObject({ status: 410 })
    expect(await problem(call('GET', `/blobs/${id}/versions/2/content`))).toMatchObject({ status: 410 })
    expect(await problem(call('GET', `/blobs/${id}`, { as: strangersToken }))).toMatchObject({
      status: 404,
      code: 'blob_not_found',
    })
    expect((await call('GET', `/blobs/${id}/versions/1/content`)).text).toBe('hello')
    const back = await call('POST', `/blobs/${id}/revert`, { body: { to_version: 1 } })
    expect(back.status).toBe(200)
    expect(inner.submitted.at(-1)).toMatchObject({ operation: 'revert', revert_to: 1 })
  })

  test.each<[string, string, Record<string, string>, number, string]>([
    ['text', 'x', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    ['a number as JSON Patch', '1', patchType, 422, 'malformed_patch'],
    ['an operation without a path', '[{"op":"add"}]', patchType, 422, 'malformed_patch'],
    [
      'a number that would be lost',
      '{"op":"add","path":"/n","value":9007199254740993}',
      patchType,
      422,
      'invalid_request',
    ],
    [
      'a number that is none',
      '{"a":1e400}',
      { 'content-type': 'application/merge-patch+json' },
      422,
      'invalid_request',
    ],
    ['broken JSON', '[{', patchType, 400, 'malformed_json'],
    [
      'a large patch',
      JSON.stringify([{ op: 'add', path: '', value: 'x'.repeat(1 << 20) }]),
      patchType,
      413,
      'body_too_large',
    ],
    ['an empty envelope', '{}', { 'content-type': 'application/json' }, 422, 'invalid_request'],
    ['content and a patch', '{"text":"a","patch":[]}', { 'content-type': 'application/json' }, 422, 'invalid_request'],
    ['version 0', '{"text":"a","from_version":0}', { 'content-type': 'application/json' }, 422, 'invalid_request'],
    [
      'a malformed patch in an envelope',
      '{"patch":"x"}',
      { 'content-type': 'application/json' },
      422,
      'malformed_patch',
    ],
  ])('PATCH refuses %s', async (_what, body, headers, status, code) => {
    const { id } = await created()
    expect(await problem(call('PATCH', `/blobs/${id}`, { body, headers }))).toMatchObject({
      status,
      code,
      submitted: 0,
    })
  })

  test('what delta-engine refuses is answered as it was said', async () => {
    const { id } = await created()
    inner.failNext('derived_blob_read_only')
    expect(await problem(call('PUT', `/blobs/${id}/content`, { body: 'x' }))).toMatchObject({
      status: 409,
      code: 'derived_blob_read_only',
    })
  })
})
