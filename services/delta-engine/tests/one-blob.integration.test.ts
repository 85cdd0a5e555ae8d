import type { SubmitDelta, SubmitOutcome } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import { aChange, openFixture, patch, whole, type Fixture } from './fixture.ts'

let f: Fixture
beforeAll(async () => {
  f = await openFixture()
})
afterAll(() => f.close())

const change = (blob_id: string, given: Partial<SubmitDelta>) => aChange(f.tenant_id, { blob_id, ...given })
const append = (blob_id: string, value: unknown, given: Partial<SubmitDelta> = {}) =>
  change(blob_id, { change: patch({ op: 'add', path: '/list/-', value }), ...given })
const told = (outcome: SubmitOutcome) =>
  outcome.status === 'applied' ? outcome.blob.version : outcome.status === 'failed' ? outcome.problem.code : 'planned'
const submit = async (...items: SubmitDelta[]) => (await f.submit(...items)).map(told)

describe('many changes of one blob in one request', () => {
  it('are made in their order', async () => {
    const blob_id = await f.create({ list: [] })
    const values = Array.from({ length: 100 }, (_, at) => at)
    expect(await submit(...values.map((value) => append(blob_id, value)))).toEqual(values.map((at) => at + 2))
    expect(await f.read(blob_id)).toEqual({ list: values })
  })

  it('stand each alone: one that fails is left out', async () => {
    const blob_id = await f.create({ list: [] })
    const unfit = change(blob_id, { change: patch({ op: 'test', path: '/list/0', value: 'no' }) })
    const late = append(blob_id, 'late', { from_version: 1, conflict: 'reject' })
    expect(await submit(append(blob_id, 1), unfit, late, append(blob_id, 2))).toEqual([
      2,
      'patch_test_failed',
      'version_conflict',
      3,
    ])
    expect(await f.read(blob_id)).toEqual({ list: [1, 2] })
  })

  it('may go on what those before them make, whatever they do', async () => {
    const blob_id = newId()
    const outcomes = await submit(
      change(blob_id, { operation: 'create', change: whole('{"list":[]}') }),
      append(blob_id, 1),
      append(blob_id, 2, { from_version: 2, expected: 'if_match' }),
      append(blob_id, 3, { from_version: 2, conflict: 'merge' }),
      change(blob_id, { metadata: { seen: true } }),
      change(blob_id, { operation: 'delete' }),
      append(blob_id, 4),
      change(blob_id, { operation: 'revert', revert_to: 3 }),
      append(blob_id, 5),
    )
    expect(outcomes).toEqual([1, 2, 3, 4, 5, 6, 'blob_deleted', 7, 8])
    expect(await f.read(blob_id)).toEqual({ list: [1, 2, 5] })
  })

  it('are made once, however often they are in it', async () => {
    const blob_id = await f.create({ list: [] })
    const idempotency_key = newId()
    const twice = append(blob_id, 'once', { idempotency_key })
    expect(await submit(twice, twice, append(blob_id, 'other'), twice)).toEqual([2, 2, 3, 2])
    expect(await f.read(blob_id)).toEqual({ list: ['once', 'other'] })
  })

  it.each<[string, () => Partial<SubmitDelta>]>([
    ['key', () => ({ idempotency_key: newId() })],
    ['delta id', () => ({ delta_id: newId() })],
  ])(
    'are answered alike under one %s, also where what the first one makes stands against the second',
    async (_what, name) => {
      const blob_id = await f.create({ list: [] })
      const twice = append(blob_id, 'once', { from_version: 1, expected: 'if_match', ...name() })
      expect(await submit(twice, twice, append(blob_id, 'other'))).toEqual([2, 2, 3])
    },
  )

  it('are tried each on what is there in a dry run', async () => {
    const blob_id = await f.create({ list: [] })
    const dry = { dry_run: true }
    const outcomes = await f.submit(append(blob_id, 1, dry), append(blob_id, 2), append(blob_id, 3, dry))
    expect(outcomes).toMatchObject([
      { plan: { from_version: 1 } },
      { blob: { version: 2 } },
      { plan: { from_version: 2, content_hash: sha256('{"list":[2,3]}') } },
    ])
  })

  it('of another tenant among them find nothing', async () => {
    const blob_id = await f.create({ list: [] })
    const made = whole('{"list":"made here"}')
    const named = { format: 'replace' as const, content: { hash: sha256('{"list":"made here"}') } }
    const foreign = { tenant_id: newId() }
    const outcomes = await submit(
      change(blob_id, { change: made }),
      append(blob_id, 'foreign', foreign),
      aChange(foreign.tenant_id, { operation: 'create', change: { ...named, content_type: 'application/json' } }),
    )
    expect(outcomes).toEqual([2, 'blob_not_found', 'content_not_found'])
  })

  it('lose nothing of theirs and of others to writers at blob', async () => {
    const blob_id = await f.create({ list: [] })
    const isRival = (value: unknown) => String(value).startsWith('rival')
    const taken: string[] = []
    /** Writes at blob without the delta engine, as another replica would. */
    const rival = async (name: string): Promise<void> => {
      const {
        items: [head],
      } = await f.blobs.call('readBlobs', { items: [{ tenant_id: f.tenant_id, blob_id }] })
      if (!head) throw new Error('no head')
      const {
        items: [content],
      } = await f.blobs.call('readContents', { items: [{ tenant_id: f.tenant_id, hash: head.content_hash }] })
      const { list } = JSON.parse(
        Buffer.from(content && 'base64' in content ? content.base64 : '', 'base64').toString(),
      ) as { list: unknown[] }
      const { id: _id, version, overlay: _overlay, ...rest } = head
      const bytes = Buffer.from(JSON.stringify({ list: [...list, name] })).toString('base64')
      const commit = {
        delta_id: newId(),
        operation: 'update' as const,
        from_version: version,
        from_hash: null,
        rests_on: [],
        gated_since: null,
        fence: 0,
      }
      const { items } = await f.blobs.call('commit', {
        items: [{ ...rest, ...commit, blob_id, content: { base64: bytes }, caused_by: null, traceparent: null }],
      })
      if (items[0]?.status === 'committed') taken.push(name)
    }
    for (let round = 0; round < 10; round += 1) {
      const values = Array.from({ length: 10 }, (_, at) => 10 * round + at)
      const [outcomes] = await Promise.all([
        submit(...values.map((value) => append(blob_id, value))),
        ...Array.from({ length: 4 }, (_, at) => rival(`rival ${round} ${at}`)),
      ])
      expect(outcomes.every((outcome) => typeof outcome === 'number')).toBe(true)
    }
    const { list } = (await f.read(blob_id)) as { list: unknown[] }
    expect(list.filter((value) => !isRival(value))).toEqual(Array.from({ length: 100 }, (_, at) => at))
    expect(new Set(list.filter(isRival))).toEqual(new Set(taken))
    expect(taken.length).toBeGreaterThan(0)
  })
})
