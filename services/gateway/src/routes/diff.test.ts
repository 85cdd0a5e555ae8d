import { answer, DiffResource } from '@studio/contracts'
import { call, created, inner, problem } from '../../tests/route-fixture.ts'

let id: string

beforeEach(async () => {
  id = (await created()).id
  await call('PATCH', `/blobs/${id}`, { body: { text: 'b' } })
})

test('as JSON, in the format that fits or in the one that is asked for', async () => {
  const { json, headers } = await call('GET', `/blobs/${id}/diff?from=2&to=1`)
  expect(answer(DiffResource).parse(json).data).toEqual({
    from: 2,
    to: 1,
    format: 'json-patch',
    diff: [{ used: 'json-patch' }],
  })
  expect(inner.asked.at(-1)).toMatchObject({ blob_id: id, from: 2, to: 1, format: null })
  expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
  expect(headers.get('vary')).toBe('Authorization, Accept')
  const unified = await call('GET', `/blobs/${id}/diff?from=1&to=2&format=unified`)
  expect(answer(DiffResource).parse(unified.json).data).toMatchObject({ format: 'unified', diff: '@@ -1 +1 @@\n' })
})

test.each([
  ['application/json-patch+json', 'json-patch', '[{"used":"json-patch"}]\n'],
  ['application/merge-patch+json', 'merge-patch', '[{"used":"merge-patch"}]\n'],
  ['application/vnd.studio.text-patch+json', 'text', '[{"used":"text"}]\n'],
  ['text/x-diff', 'unified', '@@ -1 +1 @@\n'],
  ['text/x-patch', 'unified', '@@ -1 +1 @@\n'],
  ['text/x-diff;q=0.9, application/json;q=0.1', 'unified', '@@ -1 +1 @@\n'],
])('alone, as %s', async (accept, format, body) => {
  const { text, headers } = await call('GET', `/blobs/${id}/diff?from=1&to=2`, { headers: { accept } })
  expect([text, headers.get('content-type')?.split(';')[0]]).toEqual([body, accept.split(';')[0]])
  expect(inner.asked.at(-1)).toMatchObject({ format })
})

test.each(['application/json', '*/*', 'image/png', 'text/x-diff;q=0.1, */*'])('Accept: %s is JSON', async (accept) => {
  const { json } = await call('GET', `/blobs/${id}/diff?from=1&to=2`, { headers: { accept } })
  answer(DiffResource).parse(json)
})

test.each([
  ['', ['/from', '/to']],
  ['from=1', ['/to']],
  ['from=0&to=1', ['/from']],
  ['from=1&to=2&format=binary', ['/format']],
])('refuses %j', async (query, pointers) => {
  expect(await problem(call('GET', `/blobs/${id}/diff?${query}`))).toMatchObject({
    status: 422,
    code: 'invalid_request',
    pointers,
  })
})

test('refuses a format that Accept does not name, and passes on what delta-engine refuses', async () => {
  expect(
    await problem(call('GET', `/blobs/${id}/diff?from=1&to=2&format=text`, { headers: { accept: 'text/x-diff' } })),
  ).toMatchObject({ status: 422, pointers: ['/format'] })
  expect(await problem(call('GET', `/blobs/${id}/diff?from=1&to=9`))).toMatchObject({
    status: 404,
    code: 'version_not_found',
  })
})
