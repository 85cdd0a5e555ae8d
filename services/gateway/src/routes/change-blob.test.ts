import { randomUUID } from 'node:crypto'
import { answer, BlobResource, DryRunResource } from '@studio/contracts'
import { newId } from '@studio/kernel'
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
      change: { format: 'json-patch', patch: JSON.stringify(operation) },
    })
    for (const [type, format] of [
      ['application/json-patch+json', 'json-patch'],
      ['application/merge-patch+json', 'merge-patch'],
      ['application/vnd.studio.text-patch+json', 'text'],
      ['text/x-diff', 'unified-diff'],
      ['text/x-patch; charset=utf-8', 'unified-diff'],
    ] as const) {
      const patch = ` {"__proto__": 1.0, "ä": 1} `
      await call('PATCH', `/blobs/${id}`, { body: patch, headers: { 'content-type': type } })
      expect(inner.submitted.at(-1)?.change).toEqual({ format, patch })
    }
    for (const [patch_type, patch, text] of [
      ['application/json-patch+json', [operation], `[${JSON.stringify(operation)}]`],
      ['application/merge-patch+json', null, 'null'],
      ['application/vnd.studio.text-patch+json', [{ delete: 1 }], '[{"delete":1}]'],
      ['text/x-diff', '@@ -1 +1 @@', '@@ -1 +1 @@'],
    ] as const) {
      await call('PATCH', `/blobs/${id}`, { body: { patch, patch_type } })
      expect(inner.submitted.at(-1)?.change).toMatchObject({ patch: text })
    }
    await call('PATCH', `/blobs/${id}`, { body: { patch: operation, from_version: 11, metadata: { b: 1 } } })
    expect(inner.submitted.at(-1)).toMatchObject({
      change: { format: 'json-patch' },
      from_version: 11,
      expected: 'from_version',
      metadata: { b: 1 },
    })
    const response = await call('PATCH', `/blobs/${id}`, { body: { metadata: { c: 1 } } })
    expect(inner.submitted.at(-1)).toMatchObject({ change: null, metadata: { c: 1 } })
    expect(answer(BlobResource).parse(response.json).data).toMatchObject({ version: 13, metadata: { c: 1 } })
    const put = await call('PUT', `/blobs/${id}/content`, { body: 'new', headers: { 'content-type': 'text/plain' } })
    expect([put.status, put.headers.get('etag')]).toEqual([200, expect.stringMatching(/^"v14-/)])
  })

  test('hands on what is to become of a conflict, and names the delta', async () => {
    const { id } = await created({ text: 'a', conflict_policy: 'merge' })
    expect(inner.submitted.at(-1)).toMatchObject({ conflict_policy: 'merge', conflict: null, dry_run: false })
    const delta_id = newId()
    const body = { text: 'b', from_version: 1, conflict: 'merge', delta_id: delta_id.toUpperCase() }
    const merged = await call('PATCH', `/blobs/${id}`, { body })
    expect(inner.submitted.at(-1)).toMatchObject({ from_version: 1, conflict: 'merge', delta_id })
    expect(merged.headers.get('studio-delta-id')).toBe(delta_id)
    expect(merged.headers.get('studio-merged')).toBe('true')

    const other = newId()
    const put = await call('PUT', `/blobs/${id}/content?from_version=2&conflict=last-write-wins`, {
      body: 'c',
      headers: { 'studio-delta-id': other },
    })
    expect(inner.submitted.at(-1)).toMatchObject({ from_version: 2, conflict: 'last-write-wins', delta_id: other })
    expect(put.headers.get('studio-merged')).toBeNull()
    await call('PATCH', `/blobs/${id}`, { body: { conflict_policy: 'last-write-wins' } })
    expect(inner.submitted.at(-1)).toMatchObject({ change: null, metadata: null, conflict_policy: 'last-write-wins' })
    await call('DELETE', `/blobs/${id}?from_version=4&conflict=reject`)
    expect(inner.submitted.at(-1)).toMatchObject({ operation: 'delete', from_version: 4, conflict: 'reject' })
    await call('POST', `/blobs/${id}/revert?conflict=merge`, { body: { to_version: 1, from_version: 5 } })
    expect(inner.submitted.at(-1)).toMatchObject({ operation: 'revert', from_version: 5, conflict: 'merge' })
  })

  test.each<[string, string, object, Record<string, string>, string]>([
    ['two versions', '?from_version=1', { text: 'a', from_version: 2 }, {}, '/from_version'],
    ['two policies', '?conflict=merge', { text: 'a', conflict: 'reject' }, {}, '/conflict'],
    ['two deltas', '', { text: 'a', delta_id: newId() }, { 'studio-delta-id': newId() }, '/delta_id'],
    ['a delta of no time', '', { text: 'a', delta_id: randomUUID() }, {}, '/delta_id'],
    ['a delta that is no id', '', { text: 'a' }, { 'studio-delta-id': 'x' }, 'Studio-Delta-Id'],
    ['an unknown policy', '?conflict=hope', { text: 'a' }, {}, '/conflict'],
    ['an unknown default', '', { conflict_policy: 'hope' }, {}, '/conflict_policy'],
    ['a dry run of some kind', '?dry_run=maybe', { text: 'a' }, {}, '/dry_run'],
    ['an unknown kind of patch', '', { patch: '', patch_type: 'text/plain' }, {}, '/patch_type'],
    ['an unknown parameter', '?dryrun=true', { text: 'a' }, {}, '/dryrun'],
  ])('refuses %s', async (_what, query, body, headers, pointer) => {
    const { id } = await created()
    expect(await problem(call('PATCH', `/blobs/${id}${query}`, { body, headers }))).toMatchObject({
      status: 422,
      code: 'invalid_request',
      pointers: [pointer],
      submitted: 0,
    })
  })

  test('a dry run answers the plan, and stages nothing', async () => {
    const { id } = await created()
    const text = 'x'.repeat(300_000)
    const staged = inner.staged.length
    for (const request of [
      () => call('PATCH', `/blobs/${id}?dry_run=true`, { body: { text } }),
      () => call('PUT', `/blobs/${id}/content?dry_run=true`, { body: text, headers: { 'content-type': 'text/plain' } }),
    ]) {
      const { status, headers, json } = await request()
      expect(status).toBe(200)
      expect([headers.get('etag'), headers.get('studio-delta-id')]).toEqual([null, null])
      const { data } = answer(DryRunResource).parse(json)
      expect(data).toMatchObject({ dry_run: true, blob_id: id, from_version: 1, to_version: 2, size: 300_000, text })
    }
    const deletion = await call('DELETE', `/blobs/${id}?dry_run=true`)
    expect(answer(DryRunResource).parse(deletion.json).data).toMatchObject({ operation: 'delete', to_version: 2 })
    expect(inner.staged.length).toBe(staged)
    expect((await call('GET', `/blobs/${id}/content`)).text).toBe('hello')
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
    for (const other of [`W/${tag}`, '"x"', 'x'])
      expect(await problem(patch(other))).toMatchObject({ status: 412, submitted: 0 })
    // Whether it is the head is for delta-engine to say, which knows what was done already.
    expect(await problem(patch(`"x", ${tag}`))).toMatchObject({ status: 412, submitted: 1 })
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
    ['a patch that is no UTF-8', Buffer.from([0x5b, 0xff]).toString('latin1'), patchType, 422, 'invalid_utf8'],
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
      'a unified diff that is no string',
      '{"patch":["x"],"patch_type":"text/x-diff"}',
      { 'content-type': 'application/json' },
      422,
      'malformed_patch',
    ],
    [
      'a large patch in an envelope',
      JSON.stringify({ patch: 'x'.repeat(1 << 20) }),
      { 'content-type': 'application/json' },
      413,
      'body_too_large',
    ],
  ])('PATCH refuses %s', async (_what, body, headers, status, code) => {
    const { id } = await created()
    const bytes = Buffer.from(body, code === 'invalid_utf8' ? 'latin1' : 'utf8')
    expect(await problem(call('PATCH', `/blobs/${id}`, { body: new Uint8Array(bytes), headers }))).toMatchObject({
      status,
      code,
      submitted: 0,
    })
  })

  test('a patch that is no UTF-8 is refused at its byte', async () => {
    const { id } = await created()
    const { json } = await call('PATCH', `/blobs/${id}`, { body: new Uint8Array([0x5b, 0xff]), headers: patchType })
    expect(json).toMatchObject({ code: 'invalid_utf8', errors: [{ pointer: '', detail: 'byte 1 is not UTF-8' }] })
  })

  test('a kind of patch that is not known is told which are', async () => {
    const { id } = await created()
    const { headers } = await problem(
      call('PATCH', `/blobs/${id}`, { body: 'x', headers: { 'content-type': 'text/plain' } }),
    )
    expect(headers.get('accept-patch')).toBe(
      'application/json-patch+json, application/merge-patch+json, application/vnd.studio.text-patch+json, text/x-diff, application/json',
    )
  })

  test('what delta-engine refuses is answered as it was said', async () => {
    const { id } = await created()
    inner.failNext('derived_blob_read_only')
    expect(await problem(call('PUT', `/blobs/${id}/content`, { body: 'x' }))).toMatchObject({
      status: 409,
      code: 'derived_blob_read_only',
    })
    const conflicts = [{ path: '/a', ours: { value: 1 }, theirs: { value: 2 } }]
    inner.failNext('merge_conflict', { conflicts, expected_version: 1, current_version: 3 })
    const { status, json } = await call('PUT', `/blobs/${id}/content`, { body: 'x' })
    expect([status, json]).toEqual([
      409,
      expect.objectContaining({ code: 'merge_conflict', conflicts, expected_version: 1, current_version: 3 }),
    ])
  })
})
