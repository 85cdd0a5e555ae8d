import { sha256 } from '@studio/kernel'
import { call, created, inner, problem } from '../../tests/route-fixture.ts'

test('a settlement goes to delta-engine with what was looked at', async () => {
  const { id } = await created()
  const generated_hash = sha256('looked at')
  await call('POST', `/blobs/${id}/overlay`, { body: { take: 'edited', generated_hash, from_version: 1 } })
  expect(inner.submitted.at(-1)).toMatchObject({
    blob_id: id, operation: 'update', change: null, settle: { take: 'edited', generated_hash }, from_version: 1,
  }) // prettier-ignore
  await call('POST', `/blobs/${id}/overlay?dry_run=true`, { body: { text: 'mine' } })
  expect(inner.submitted.at(-1)).toMatchObject({
    change: { format: 'replace' }, settle: { take: 'content', generated_hash: null }, dry_run: true,
  }) // prettier-ignore
})

test.each([
  [{}, ''],
  [{ take: 'generated', text: 'both' }, ''],
  [{ take: 'both' }, '/take'],
  [{ take: 'edited', content_type: 'text/plain' }, '/content_type'],
  [{ patch: [] }, '/patch'],
])('%j is no settlement', async (body, pointer) => {
  const { id } = await created()
  const { code, pointers } = await problem(call('POST', `/blobs/${id}/overlay`, { body }))
  expect([code, pointers?.[0]]).toEqual(['invalid_request', pointer])
})

test('where nobody has edited a derived blob there is none', async () => {
  const { id } = await created()
  expect(await problem(call('GET', `/blobs/${id}/overlay`))).toMatchObject({ status: 404, code: 'overlay_not_found' })
})
