import { eventSchemas } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import { aCommit, bytesOf, hashOf, openFixture, type Fixture } from './fixture.ts'

let studio: Fixture
beforeAll(async () => {
  studio = await openFixture()
})
afterAll(() => studio.close())

describe('what a commit makes', () => {
  it('makes a blob with its first version, bytes and event', async () => {
    const create = aCommit({ text: 'one', metadata: { b: 1, a: { deep: '\u0000' } }, providers: ['summarizer'] })
    const { blob, version, version_id } = await studio.commitOne(create)
    expect({ version, version_id }).toEqual({ version: 1, version_id: blob.version_id })
    expect(blob).toMatchObject({
      id: create.blob_id,
      content_hash: sha256('one'),
      size: 3,
      version: 1,
      deleted_at: null,
    })
    expect(JSON.stringify(blob.metadata)).toBe(JSON.stringify(create.metadata))
    expect(blob.providers).toEqual(['summarizer'])
    const reference = { tenant_id: create.tenant_id, blob_id: create.blob_id }
    expect(await studio.store.readBlobs([reference])).toEqual([blob])
    expect(await studio.store.readVersions([{ ...reference, version: 1 }])).toMatchObject([
      {
        version_id,
        delta_id: create.delta_id,
        operation: 'create',
        content_hash: sha256('one'),
        metadata: create.metadata,
      },
    ])
    const event = (await studio.events()).at(-1)
    expect(eventSchemas['studio.blob.created'].parse(event)).toEqual(event)
    expect(event).toMatchObject({
      subject: create.tenant_id,
      data: { facts: [{ blob_id: create.blob_id, version: 1, delta_id: create.delta_id, providers: ['summarizer'] }] },
    })
  })

  it('keeps what an update does not tell', async () => {
    const create = aCommit({ text: 'kept', metadata: { a: 1 }, providers: 'none', content_type: 'text/markdown' })
    await studio.commitOne(create)
    const { blob } = await studio.commitOne({
      ...aCommit({ blob_id: create.blob_id, from_version: 1 }),
      content: null,
      content_type: null,
    })
    expect(blob).toMatchObject({
      version: 2,
      content_hash: sha256('kept'),
      size: 4,
      content_type: 'text/markdown',
      metadata: { a: 1 },
      providers: 'none',
    })
  })

  it('buries, refuses changes of a tombstone, and revives by revert and by transform', async () => {
    const { blob_id } = aCommit()
    const change = (from_version: number, operation: 'update' | 'delete' | 'revert' | 'transform', text?: string) => ({
      ...aCommit({ blob_id, from_version, operation, text }),
      ...(text === undefined && { content: null }),
    })
    await studio.commitOne(aCommit({ blob_id, text: 'alive' }))
    const buried = await studio.commitOne(change(1, 'delete'))
    expect(buried.blob).toMatchObject({ version: 2, content_hash: sha256('alive'), deleted_at: expect.any(String) })
    expect((await studio.events()).at(-1)?.type).toBe('studio.blob.deleted')
    expect(await studio.commit(change(2, 'update', 'x'), change(1, 'update', 'x'), change(2, 'delete'))).toEqual(
      Array(3).fill({ status: 'deleted', head_version: 2 }),
    )
    expect(await studio.commit(change(1, 'revert', 'alive'))).toEqual([{ status: 'conflict', head_version: 2 }])
    expect((await studio.commitOne(change(2, 'revert', 'alive'))).blob.deleted_at).toBeNull()
    expect((await studio.events()).at(-1)?.type).toBe('studio.blob.updated')
    await studio.commitOne(change(3, 'delete'))
    expect((await studio.commitOne(change(4, 'transform', 'made'))).blob).toMatchObject({
      version: 5,
      deleted_at: null,
    })
  })

  it('tells one event for all facts of a tenant and type, and no more facts in it than NATS takes', async () => {
    const tenants = [newId(), newId()]
    const batch = tenants.flatMap((tenant_id) => Array.from({ length: 300 }, () => aCommit({ tenant_id })))
    const before = (await studio.events()).length
    await studio.commit(...batch)
    const told = (await studio.events()).slice(before)
    for (const tenant of tenants) {
      const facts = told.filter(({ subject }) => subject === tenant).map(({ data }) => data.facts)
      expect(facts.map(({ length }) => length).sort()).toEqual([100, 200])
    }
    const ids = told.flatMap(({ data }) => (data.facts as { blob_id: string }[]).map(({ blob_id }) => blob_id))
    expect(ids.sort()).toEqual(batch.map(({ blob_id }) => blob_id).sort())
  })
})

it('tells the largest facts that the public API lets in by events that NATS takes', async () => {
  const tenant_id = newId()
  const large = {
    tenant_id,
    content_type: `a/b; ${'c="'.padEnd(124, '!')}"; ${'d="'.padEnd(122, '!')}"`,
    providers: Array.from({ length: 50 }, () => 'p'.repeat(64)),
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  }
  expect(large.content_type.length).toBe(255)
  await studio.commit(
    ...Array.from({ length: 200 }, () => aCommit({ ...large, parent_id: newId(), caused_by: newId() })),
  )
  const [row] = await studio.database.query<{ bytes: number; facts: number }>(
    'test-largest-event',
    `select octet_length(event::text) as bytes, json_array_length(event->'data'->'facts') as facts from outbox where subject like '%' || $1`,
    [tenant_id],
  )
  expect(row?.facts).toBe(200)
  expect(row?.bytes).toBeLessThan(2 ** 20 - 10_000)
})

describe('what stands against a commit', () => {
  it('judges each item of a batch on its own', async () => {
    const known = aCommit()
    await studio.commitOne(known)
    const fine = aCommit()
    expect(
      await studio.commit(
        aCommit({ from_version: 4 }),
        aCommit({ blob_id: known.blob_id, from_version: 9 }),
        aCommit({ blob_id: known.blob_id }),
        aCommit({ content: hashOf('nobody staged this') }),
        { ...aCommit(), content: null },
        fine,
      ),
    ).toMatchObject([
      { status: 'missing' },
      { status: 'conflict', head_version: 1 },
      { status: 'conflict', head_version: 1 },
      { status: 'content_missing' },
      { status: 'content_missing' },
      { status: 'committed', version: 1 },
    ])
  })

  it('refuses a provider write with an older fence, and lets users write', async () => {
    const { blob_id } = aCommit()
    const transform = (from_version: number, fence: number) =>
      aCommit({ blob_id, from_version, fence, operation: 'transform', created_by: 'summarizer' })
    await studio.commitOne(transform(0, 3))
    expect((await studio.events()).at(-1)?.type).toBe('studio.blob.created')
    expect(await studio.commit(transform(1, 2))).toEqual([{ status: 'conflict', head_version: 1 }])
    expect(await studio.commit(transform(1, 0))).toEqual([{ status: 'conflict', head_version: 1 }])
    await studio.commitOne(transform(1, 3))
    await studio.commitOne(aCommit({ blob_id, from_version: 2 }))
    expect(await studio.commit(transform(3, 2))).toEqual([{ status: 'conflict', head_version: 3 }])
    await studio.commitOne(transform(3, 4))
  })

  it('keeps older runs out by a tombstone of what is deleted already, without a version', async () => {
    const { blob_id } = aCommit()
    const write = (from_version: number, fence: number, operation: 'transform' | 'delete') => ({
      ...aCommit({ blob_id, from_version, fence, operation, created_by: 'summarizer' }),
      ...(operation === 'delete' && { content: null, content_type: null }),
    })
    await studio.commitOne(write(0, 1, 'transform'))
    await studio.commitOne(write(1, 2, 'delete'))
    expect(await studio.commit(write(2, 4, 'delete'))).toEqual([{ status: 'deleted', head_version: 2 }])
    expect(await studio.commit(write(2, 3, 'transform'))).toEqual([{ status: 'conflict', head_version: 2 }])
    await studio.commitOne(write(2, 5, 'transform'))
  })

  it('answers a foreign blob as a missing one, and tells nothing of it', async () => {
    const mine = aCommit({ text: 'mine' })
    await studio.commitOne(mine)
    await studio.commitOne(aCommit({ blob_id: mine.blob_id, from_version: 1 }))
    const theirs = newId()
    expect(await studio.commit(aCommit({ tenant_id: theirs, blob_id: mine.blob_id, from_version: 2 }))).toEqual([
      { status: 'missing' },
    ])
    expect(await studio.commit(aCommit({ tenant_id: theirs, blob_id: mine.blob_id }))).toEqual([
      { status: 'conflict', head_version: 1 },
    ])
    expect(await studio.commit(aCommit({ tenant_id: theirs, content: hashOf('mine') }))).toEqual([
      { status: 'content_missing' },
    ])
    expect(await studio.commit({ ...mine, tenant_id: theirs, blob_id: newId() })).toEqual([{ status: 'refused' }])
    expect(await studio.store.readBlobs([{ tenant_id: theirs, blob_id: mine.blob_id }])).toEqual([null])
    expect(await studio.store.readVersions([{ tenant_id: theirs, blob_id: mine.blob_id, version: 1 }])).toEqual([null])
    expect(await studio.store.readContents([{ tenant_id: theirs, hash: sha256('mine') }])).toEqual([null])
    expect(await studio.store.listVersions({ tenant_id: theirs, blob_id: mine.blob_id, limit: 5 })).toEqual({
      versions: [],
      next: null,
    })
  })
})

describe('a delta is committed once', () => {
  it('is answered with its own version again, wherever the head is now', async () => {
    const create = aCommit()
    const first = await studio.commitOne(create)
    await studio.commitOne(aCommit({ blob_id: create.blob_id, from_version: 1 }))
    const events = (await studio.events()).length
    const again = await studio.commitOne(create)
    expect(again).toMatchObject({ version: 1, version_id: first.version_id, blob: { version: 2 } })
    expect((await studio.events()).length).toBe(events)
  })

  it('is committed once where a batch holds it twice', async () => {
    const create = aCommit()
    const [first, second] = await studio.commit(create, create)
    expect(second).toEqual(first)
  })

  it('lets commits of one batch to one blob go one after another', async () => {
    const create = aCommit()
    const { blob_id } = create
    const outcomes = await studio.commit(
      create,
      aCommit({ blob_id, from_version: 1, content: bytesOf('two') }),
      aCommit({ blob_id, from_version: 1 }),
      aCommit({ blob_id, from_version: 2 }),
    )
    expect(outcomes).toMatchObject([
      { status: 'committed', version: 1 },
      { status: 'committed', version: 2 },
      { status: 'conflict' },
      { status: 'committed', version: 3 },
    ])
  })

  it('is never committed once it was refused', async () => {
    const [refused, known] = [aCommit(), aCommit()]
    await studio.commitOne(known)
    const ids = [known.delta_id, refused.delta_id]
    expect(await studio.store.settleDeltas(ids, false)).toMatchObject([
      { status: 'committed', version: 1 },
      { status: 'unknown' },
    ])
    expect(await studio.store.settleDeltas(ids, true)).toMatchObject([{ status: 'committed' }, { status: 'refused' }])
    expect(await studio.commit(refused)).toEqual([{ status: 'refused' }])
  })
})
