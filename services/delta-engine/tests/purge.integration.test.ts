import { newId } from '@studio/kernel'
import { waitForValue } from '@studio/testing'
import { randomBytes } from 'node:crypto'
import { aChange, aTransform, openFixture, patch, whole, type Fixture } from './fixture.ts'

/** What this service forgets of what is purged. */

let f: Fixture
beforeAll(async () => {
  f = await openFixture({ 'delta-engine': { STUDIO_SWEEP_MS: '100', STUDIO_PENDING_MS: '60000' } })
})
afterAll(() => f.close())

const secret = randomBytes(32).toString('base64')
const erase = async (...versions: { blob_id: string; version: number }[]) =>
  (await f.deltas.call('eraseDeltas', { tenant_id: f.tenant_id, secret, blobs: [], versions })).missing

interface Row {
  status: string
  purged: boolean
  content_hash: string | null
  patch: unknown
  error: Record<string, unknown> | null
}
const rowsOf = (blobId: string) =>
  f.sql<Row>(
    'select status, purged, content_hash, patch, error from delta.delta where blob_id = $1 order by created_at',
    [blobId],
  )

it('writes a row that was missing under the pseudonym that its version has, and leaves it so', async () => {
  const { tenant_id } = f
  const item = aTransform(tenant_id, {})
  await f.deltas.call('submitTransforms', { items: [item] })
  await waitForValue('the row', () => rowsOf(item.blob_id), (rows) => rows.length === 1) // prettier-ignore
  await f.sql('delete from delta.delta where id = $1', [item.delta_id])
  const version = { blob_id: item.blob_id, version: 1 }
  await f.blobs.call('eraseContents', { tenant_id, secret, blobs: [], versions: [version] })
  expect(await erase(version)).toBe(1)
  await f.sql(`update blob.version set created_at = created_at - interval '2 minutes' where delta_id = $1`, [
    item.delta_id,
  ])
  await waitForValue(
    'the row that is missing',
    async () => {
      await f.sql(`update delta.sweep_cursor set until = until - interval '1 hour'`)
      return rowsOf(item.blob_id)
    },
    (rows) => rows.length > 0,
  )
  expect(await erase(version)).toBe(0)
  const [purged] = await f.sql<Row>('select content_hash from blob.version where blob_id = $1', [item.blob_id])
  expect(await rowsOf(item.blob_id)).toMatchObject([{ purged: true, content_hash: purged?.content_hash }])
})

it('forgets changes of a purged version that failed, and what problems of the blob quote; those under way it waits for', async () => {
  const { tenant_id } = f
  const blob_id = newId()
  await f.submit(aChange(tenant_id, { blob_id, operation: 'create', change: whole('{"a":1}') }))
  for (const value of [2, 3])
    await f.submit(aChange(tenant_id, { blob_id, change: patch({ op: 'replace', path: '/a', value }) }))
  await waitForValue('all rows', () => rowsOf(blob_id), (rows) => rows.every(({ status }) => status === 'applied')) // prettier-ignore
  const fail = (id: string) =>
    f.sql(
      `update delta.delta set status = 'failed', error = '{"code": "merge_conflict", "status": 409, "detail": "a needle", "conflicts": [{"theirs": "a needle"}]}' where id = $1`,
      [id],
    )
  const wait = async (from: number): Promise<string> => {
    const id = newId()
    await f.sql(
      `insert into delta.delta (id, tenant_id, blob_id, user_id, operation, format, patch, content_hash, from_version, status)
       values ($1, $2, $3, $2, 'update', 'json-patch', '[{"needle": 1}]', 'needle', $4, 'pending')`,
      [id, tenant_id, blob_id, from],
    )
    return id
  }
  const [onPurged, onClean] = [await wait(2), await wait(3)]
  const version = { blob_id, version: 2 }
  expect(await erase(version)).toBe(1)
  expect((await rowsOf(blob_id)).map(({ purged }) => purged)).toEqual([false, true, false, false, false])
  await Promise.all([onPurged, onClean].map(fail))
  expect(await erase(version)).toBe(0)
  const error = { code: 'merge_conflict', detail: 'purged' }
  const [, , , failedOnPurged, failedOnClean] = await rowsOf(blob_id)
  expect(failedOnPurged).toMatchObject({ purged: true, patch: null, error })
  expect(failedOnClean).toMatchObject({ purged: false, patch: [{ needle: 1 }], content_hash: 'needle', error })
  for (const row of [failedOnPurged, failedOnClean]) expect(row?.error).not.toHaveProperty('conflicts')
})
