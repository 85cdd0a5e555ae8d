import type { SubmitDelta } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { aChange, openFixture, patch, whole, type Fixture } from './fixture.ts'

let f: Fixture
beforeAll(async () => {
  f = await openFixture()
})
afterAll(() => f.close())

const submitList = (items: SubmitDelta[], idempotency_key: string | null = null) =>
  f.deltas.call('submitBatch', { items, idempotency_key, dry_run: false, traceparent: null })
const add = (blob_id: string, member: string, change: Partial<SubmitDelta> = {}) =>
  aChange(f.tenant_id, { blob_id, change: patch({ op: 'add', path: `/${member}`, value: 1 }), ...change })

describe('a list of changes of one blob', () => {
  const create = () => aChange(f.tenant_id, { operation: 'create', change: whole('{}') })

  it('goes on what it makes itself', async () => {
    const made = create()
    const { blob_id } = made
    const outcome = await submitList([
      made,
      add(blob_id, 'a'),
      add(blob_id, 'b', { from_version: 2 }),
      aChange(f.tenant_id, { blob_id, operation: 'delete' }),
    ])
    expect(outcome).toMatchObject({ items: [1, 2, 3, 4].map((version) => ({ blob: { version } })) })
    const revert = aChange(f.tenant_id, { blob_id, operation: 'revert', revert_to: 2 })
    expect(await submitList([revert, add(blob_id, 'c')])).toMatchObject({ items: [{}, { blob: { version: 6 } }] })
    expect(await f.read(blob_id)).toEqual({ a: 1, c: 1 })
  })

  it.each<[string, Partial<SubmitDelta>]>([
    ['merged with', { from_version: 1, conflict: 'merge' }],
    ['gone back to', { operation: 'revert', revert_to: 2, change: null }],
  ])('is not %s before it is made', async (_what, change) => {
    const made = create()
    const { blob_id } = made
    const outcome = await submitList([made, add(blob_id, 'a'), add(blob_id, 'b', change)])
    expect(outcome).toMatchObject({ status: 'failed', operation: 2, problem: { code: 'version_conflict' } })
  })
})

describe('a list that is said again', () => {
  it('by the id of one of its deltas is made once, and answered as it was', async () => {
    const blobs = [await f.create({}), await f.create({})] as const
    const items = [add(blobs[0], 'a'), add(blobs[1], 'b', { delta_id: newId() }), add(blobs[0], 'c')]
    const outcomes = await Promise.all([submitList(items), submitList(items), submitList(items)])
    expect(outcomes[0]).toMatchObject({ status: 'done' })
    expect([outcomes[1], outcomes[2], await submitList(items)]).toEqual(Array(3).fill(outcomes[0]))
    expect(await Promise.all(blobs.map((id) => f.read(id)))).toEqual([{ a: 1, c: 1 }, { b: 1 }])
  })

  it('is answered as it was also where what it made stands against it by then', async () => {
    for (let round = 0; round < 20; round += 1) {
      const blob_id = await f.create({})
      const items = [add(blob_id, 'a', { from_version: 1, expected: 'if_match' }), add(blob_id, 'b')]
      const outcomes = await Promise.all(Array.from({ length: 4 }, () => submitList(items, `key-${blob_id}`)))
      expect(outcomes).toEqual(Array(4).fill(outcomes[0]))
      expect(outcomes[0]).toMatchObject({ status: 'done' })
    }
  })

  it('with another change in it is refused', async () => {
    const blob_id = await f.create({})
    const named = add(blob_id, 'a', { delta_id: newId() })
    expect(await submitList([named, add(blob_id, 'b')])).toMatchObject({ status: 'done' })
    expect(await submitList([named, add(blob_id, 'c')])).toMatchObject({ problem: { code: 'idempotency_conflict' } })
  })

  it('after it failed for good is told why, and blames no other change for it', async () => {
    const blob_id = await f.create({})
    const missing = { format: 'replace' as const, content: { hash: 'a'.repeat(64) }, content_type: 'image/png' }
    const create = { operation: 'create' as const, change: missing }
    const items = [
      add(blob_id, 'a', { delta_id: newId() }),
      aChange(f.tenant_id, { ...create, delta_id: newId() }),
      aChange(f.tenant_id, { operation: 'create', change: whole('x', 'text/plain') }),
    ]
    const failed = { status: 'failed', problem: { code: 'content_not_found' } }
    expect(await submitList(items)).toMatchObject({ ...failed, operation: 1 })
    expect(await submitList(items)).toMatchObject({ ...failed, operation: null })
  })
})
