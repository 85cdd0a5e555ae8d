import { randomUUID } from 'node:crypto'
import { answer, DeltaResource, page } from '@studio/contracts'
import { call, created, inner, problem } from '../../tests/route-fixture.ts'

test('newest first, of one status', async () => {
  const { id } = await created()
  const after = randomUUID()
  page(DeltaResource).parse((await call('GET', `/blobs/${id}/deltas?status=failed&limit=3&after=${after}`)).json)
  expect(inner.asked.at(-1)).toMatchObject({ blob_id: id, status: 'failed', limit: 3, before: after })
})

test('a chain is read from one version to another, oldest first', async () => {
  const { id } = await created()
  await call('PATCH', `/blobs/${id}`, { body: { text: 'b' } })
  for (const [query, from, to] of [
    ['from=0', 0, 2],
    ['from=1&to=2&limit=1', 1, 2],
    ['to=1', 0, 1],
  ] as const) {
    const { data, next } = page(DeltaResource).parse((await call('GET', `/blobs/${id}/deltas?${query}`)).json)
    expect(data).toHaveLength(1)
    expect(next).toBe('7')
    expect(inner.asked.at(-1)).toMatchObject({ blob_id: id, from, to })
  }
})

test('the latest', async () => {
  const { id } = await created()
  const { data } = answer(DeltaResource).parse((await call('GET', `/blobs/${id}/deltas/latest`)).json)
  expect(data).toMatchObject({ blob_id: id, to_version: 1 })
})

test.each([
  ['from=-1', '/from'],
  ['from=one', '/from'],
  ['to=0', '/to'],
  ['from=1&to=1&status=failed', '/status'],
  [`from=0&after=${randomUUID()}`, '/after'],
  ['from=2&to=1', '/from'],
  ['status=lost', '/status'],
])('refuses %s', async (query, pointer) => {
  const { id } = await created()
  await call('PATCH', `/blobs/${id}`, { body: { text: 'b' } })
  expect(await problem(call('GET', `/blobs/${id}/deltas?${query}`))).toMatchObject({
    status: 422,
    code: 'invalid_request',
    pointers: [pointer],
  })
})

test.each(['to=2', 'from=2'])('a chain ends at the newest version: there is no %s', async (query) => {
  const { id } = await created()
  expect(await problem(call('GET', `/blobs/${id}/deltas?${query}`))).toMatchObject({
    status: 404,
    code: 'version_not_found',
  })
})
