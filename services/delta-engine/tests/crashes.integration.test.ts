import { newId } from '@studio/kernel'
import { waitForValue } from '@studio/testing'
import { aChange, aTransform, openFixture, patch, whole, type Fixture } from './fixture.ts'

let f: Fixture
beforeAll(async () => {
  f = await openFixture({ 'delta-engine': { STUDIO_SWEEP_MS: '100', STUDIO_PENDING_MS: '500' } })
})
afterAll(() => f.close())

/** Restarts the delta engine so that it dies at a failpoint, sends it something, and starts it again once it is dead. */
async function crashAt(failpoint: string, send: () => Promise<unknown>): Promise<void> {
  await f.studio.restart('delta-engine', { env: { STUDIO_FAILPOINTS: `${failpoint}=${f.studio.folder}/${newId()}` } })
  const sent = send().catch(() => undefined)
  await f.studio.died('delta-engine')
  await f.studio.start('delta-engine')
  await sent
}

const deltasOf = async (blob_id: string) =>
  (await f.deltas.call('listDeltas', { tenant_id: f.tenant_id, blob_id, limit: 500 })).deltas
const settled = (blob_id: string) =>
  waitForValue(
    'no pending delta',
    () => deltasOf(blob_id),
    (deltas) => deltas.length > 0 && deltas.every(({ status }) => status !== 'pending'),
  )

describe('a crash of the delta engine', () => {
  it('before the commit makes nothing, and the same key may be used again', async () => {
    const item = aChange(f.tenant_id, {
      operation: 'create',
      change: whole('before', 'text/plain'),
      idempotency_key: newId(),
    })
    await crashAt('delta.pending.after', () => f.submit(item))
    const [delta] = await settled(item.blob_id)
    expect(delta).toMatchObject({ status: 'failed', to_version: null, error: { code: 'delta_refused' } })
    expect((await f.blobs.call('readBlobs', { items: [item] })).items).toEqual([null])
    expect(await f.submit(item)).toMatchObject([{ status: 'applied', blob: { version: 1 } }])
    expect((await settled(item.blob_id)).map(({ status }) => status).toSorted()).toEqual(['applied', 'failed'])
  })

  it('after the commit keeps the change: it is marked applied, told, and answered to a repeat', async () => {
    const blob_id = await f.create({ list: [] })
    const item = aChange(f.tenant_id, {
      blob_id,
      change: patch({ op: 'add', path: '/list/-', value: 1 }),
      idempotency_key: newId(),
    })
    await crashAt('delta.committed', () => f.submit(item))
    const [outcome] = await f.submit(item)
    expect(outcome).toMatchObject({ status: 'applied', blob: { version: 2 } })
    const [delta] = await settled(blob_id)
    expect(delta).toMatchObject({ status: 'applied', from_version: 1, to_version: 2 })
    expect(await f.read(blob_id)).toEqual({ list: [1] })
    const told = await f.sql(
      `select 1 from delta.outbox where event::text like $1 and subject like 'studio.delta.applied.%'`,
      [`%${delta?.id}%`],
    )
    expect(told).toHaveLength(1)
  })

  it('after a transform keeps it: the sweeper writes the row that is missing', async () => {
    const item = aTransform(f.tenant_id, {})
    await crashAt('delta.committed', () => f.deltas.call('submitTransforms', { items: [item] }))
    // The sweeper looks at commits that are a minute old; these are made older than they are.
    await f.sql(`update blob.version set created_at = created_at - interval '2 minutes' where delta_id = $1`, [
      item.delta_id,
    ])
    await f.sql('delete from delta.delta where id = $1', [item.delta_id])
    // A sweep that is under way moves the cursor on when it ends, so it is put back until the row is there.
    const [delta] = await waitForValue(
      'the row that is missing',
      async () => {
        await f.sql(`update delta.sweep_cursor set until = until - interval '1 hour'`)
        return deltasOf(item.blob_id)
      },
      (deltas) => deltas.length > 0,
    )
    expect(delta).toMatchObject({
      id: item.delta_id,
      status: 'applied',
      provider_id: 'test-provider',
      operation: 'transform',
      to_version: 1,
    })
  })
})

describe('a restart of blob', () => {
  it('is ridden out', async () => {
    const blob_id = await f.create({ list: [] })
    await f.studio.kill('blob')
    const waiting = f.submit(aChange(f.tenant_id, { blob_id, change: patch({ op: 'add', path: '/list/-', value: 1 }) }))
    await f.studio.start('blob')
    expect(await waiting).toMatchObject([{ status: 'applied' }])
    expect(await f.read(blob_id)).toEqual({ list: [1] })
  })
})
