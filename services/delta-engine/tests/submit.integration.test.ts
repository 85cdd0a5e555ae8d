import type { SubmitOutcome } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import { waitForValue } from '@studio/testing'
import { aChange, aTransform, openFixture, patch, whole, type Fixture } from './fixture.ts'

let f: Fixture
beforeAll(async () => {
  f = await openFixture()
})
afterAll(() => f.close())

const codeOf = (outcome: SubmitOutcome | undefined): string =>
  outcome?.status === 'failed' ? outcome.problem.code : (outcome?.status ?? 'none')
const deltasOf = async (blob_id: string) =>
  (await f.deltas.call('listDeltas', { tenant_id: f.tenant_id, blob_id, limit: 500 })).deltas

describe('changes', () => {
  it('records what each change was, in an unbroken line', async () => {
    const blob_id = await f.create({ list: [], text: 'x'.repeat(100) })
    const change = async (...changes: Parameters<typeof aChange>[1][]) =>
      (await f.submit(...changes.map((one) => aChange(f.tenant_id, { blob_id, ...one }))))[0]
    await change({ change: patch({ op: 'add', path: '/list/-', value: '\u0000' }), from_version: 1 })
    await change({ change: { format: 'merge-patch', patch: '{"__proto__":{"a":1},"b":2}' } })
    await change({ change: whole(JSON.stringify({ list: [1], text: 'x'.repeat(100) })) })
    await change({ metadata: { note: 'only this' } })
    await change({ operation: 'delete' })
    expect(codeOf(await change({ change: whole('{}') }))).toBe('blob_deleted')
    const last = await change({ operation: 'revert', revert_to: 3 })
    expect(last).toMatchObject({
      status: 'applied',
      blob: { version: 7, deleted_at: null, metadata: { note: 'only this' } },
    })
    expect(JSON.stringify(await f.read(blob_id))).toBe(
      `{"list":["\\u0000"],"text":"${'x'.repeat(100)}","__proto__":{"a":1},"b":2}`,
    )
    const deltas = (await deltasOf(blob_id)).reverse()
    expect(deltas.map(({ operation, format, status, to_version }) => [operation, format, status, to_version])).toEqual([
      ['create', 'replace', 'applied', 1],
      ['update', 'json-patch', 'applied', 2],
      ['update', 'merge-patch', 'applied', 3],
      ['update', 'json-patch', 'applied', 4],
      ['update', 'none', 'applied', 5],
      ['delete', 'none', 'applied', 6],
      ['revert', 'replace', 'applied', 7],
    ])
    expect(deltas.map(({ previous_delta }) => previous_delta)).toEqual([
      null,
      ...deltas.slice(0, -1).map(({ id }) => id),
    ])
    expect(JSON.stringify(deltas[2]?.patch)).toBe('{"__proto__":{"a":1},"b":2}')
    const { items: versions } = await f.blobs.call('readVersions', {
      items: deltas.map((_delta, at) => ({ tenant_id: f.tenant_id, blob_id, version: at + 1 })),
    })
    expect(deltas.map(({ content_hash }) => content_hash)).toEqual(versions.map((version) => version?.content_hash))
    const events = await f.sql<{ facts: { delta_id: string }[] }>(
      `select event->'data'->'facts' as facts from delta.outbox where subject = $1`,
      [`studio.delta.applied.${f.tenant_id}`],
    )
    expect(new Set(events.flatMap(({ facts }) => facts.map(({ delta_id }) => delta_id)))).toEqual(
      expect.objectContaining(new Set(deltas.map(({ id }) => id))),
    )
  })

  it('tells the deltas in pages that are not too long to be read at once', async () => {
    const blob_id = await f.create({})
    for (let at = 0; at < 5; at += 1)
      await f.submit(
        aChange(f.tenant_id, { blob_id, change: patch({ op: 'add', path: `/${at}`, value: 'x'.repeat(100_000) }) }),
      )
    const listed: number[][] = []
    for (let before: string | undefined; ;) {
      const page = await f.deltas.call('listDeltas', { tenant_id: f.tenant_id, blob_id, limit: 500, before })
      listed.push(page.deltas.map(({ to_version }) => to_version ?? 0))
      if (page.next === null) break
      before = page.next
    }
    expect(listed).toEqual([
      [6, 5],
      [4, 3],
      [2, 1],
    ])
    const chained: number[][] = []
    for (let from: number | null = 0; from !== null;) {
      const { deltas, next }: { deltas: { to_version: number | null }[]; next: number | null } = await f.deltas.call(
        'readChain',
        { tenant_id: f.tenant_id, blob_id, from, to: 6, limit: 500 },
      )
      chained.push(deltas.map(({ to_version }) => to_version ?? 0))
      from = next
    }
    expect(chained).toEqual([[1, 2, 3], [4, 5], [6]])
  })

  it('answers each item of a batch on its own', async () => {
    const good = await f.create({ a: 1 })
    const text = newId()
    const derived = newId()
    await f.submit(aChange(f.tenant_id, { operation: 'create', blob_id: text, change: whole('hello', 'text/plain') }))
    await f.deltas.call('submitTransforms', { items: [aTransform(f.tenant_id, { blob_id: derived })] })
    const update = (blob_id: string, change: Parameters<typeof aChange>[1]) =>
      aChange(f.tenant_id, { blob_id, ...change })
    const outcomes = await f.submit(
      update(good, { change: patch({ op: 'remove', path: '/nothing' }) }),
      update(text, { change: patch({ op: 'add', path: '/a', value: 1 }) }),
      update(newId(), { change: whole('{}') }),
      update(good, { change: whole('{not json') }),
      update(good, { change: patch({ op: 'replace', path: '/a', value: 2 }) }),
      update(derived, { operation: 'delete', change: null }),
      update(good, { change: whole('{}'), from_version: 1, expected: 'if_match' }),
      update(good, { change: whole('{}'), from_version: 9 }),
      update(good, { operation: 'create', change: whole('{}') }),
      update(good, { operation: 'revert', revert_to: 99 }),
      update(newId(), { operation: 'create', change: whole('x', 'no type') }),
      update(newId(), {
        operation: 'create',
        change: { format: 'replace', content: { hash: sha256('nowhere') }, content_type: 'image/png' },
      }),
      update(newId(), {
        operation: 'create',
        change: { format: 'replace', content: { hash: sha256('nowhere') }, content_type: 'text/plain' },
      }),
      aChange(newId(), { blob_id: good, change: whole('{"foreign":true}') }),
      update(newId(), { operation: 'create', change: whole('fine', 'text/plain') }),
    )
    expect(outcomes.map(codeOf)).toEqual([
      'patch_failed',
      'patch_not_applicable',
      'blob_not_found',
      'invalid_content',
      'applied',
      'derived_blob_read_only',
      'precondition_failed',
      'version_conflict',
      'blob_exists',
      'version_not_found',
      'invalid_content_type',
      'content_not_found',
      'content_not_found',
      'blob_not_found',
      'applied',
    ])
    expect(outcomes[6]).toMatchObject({ problem: { status: 412, expected_version: 1, current_version: 2 } })
    expect(await f.read(good)).toEqual({ a: 2 })
  })

  it('loses none of 20 concurrent patches that name no version', async () => {
    const blob_id = await f.create({ list: [] })
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, value) =>
        f.submit(aChange(f.tenant_id, { blob_id, change: patch({ op: 'add', path: '/list/-', value }) })),
      ),
    )
    expect(outcomes.flat().map(codeOf)).toEqual(Array(20).fill('applied'))
    const { list } = (await f.read(blob_id)) as { list: number[] }
    expect(list.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 20 }, (_, value) => value))
  })

  it('makes a change again on top of what another process committed', async () => {
    const blob_id = await f.create({ list: [] })
    const rival = async (): Promise<void> => {
      // Writes at blob without the delta engine, as another replica would.
      const {
        items: [head],
      } = await f.blobs.call('readBlobs', { items: [{ tenant_id: f.tenant_id, blob_id }] })
      if (!head) throw new Error('no head')
      const { list } = (await f.read(blob_id)) as { list: unknown[] }
      const content = { base64: Buffer.from(JSON.stringify({ list: [...list, 'rival'] })).toString('base64') }
      const { id: _id, version, overlay: _overlay, ...rest } = head
      const commit = {
        ...rest,
        delta_id: newId(),
        blob_id,
        operation: 'update' as const,
        from_version: version,
        from_hash: null,
        rests_on: [],
        content,
        created_by: 'user',
        caused_by: null,
        gated_since: null,
        fence: 0,
        traceparent: null,
      }
      await f.blobs.call('commit', { items: [commit] })
    }
    const race = async (value: number) =>
      Promise.all([
        f.submit(aChange(f.tenant_id, { blob_id, change: patch({ op: 'add', path: '/list/-', value }) })),
        rival(),
        rival(),
      ])
    for (let value = 0; value < 20; value += 1) expect(codeOf((await race(value))[0][0])).toBe('applied')
    const { list } = (await f.read(blob_id)) as { list: unknown[] }
    expect(list.filter((entry) => entry !== 'rival')).toEqual(Array.from({ length: 20 }, (_, value) => value))
    const deltas = await deltasOf(blob_id)
    expect(
      deltas.every(({ status, from_version, to_version }) => status === 'applied' && to_version === from_version + 1),
    ).toBe(true)
  })
})

describe('idempotency keys', () => {
  it('makes one blob of one create that is sent ten times at once', async () => {
    const idempotency_key = newId()
    const create = () =>
      aChange(f.tenant_id, {
        operation: 'create',
        blob_id: newId(),
        change: whole('once', 'text/plain'),
        idempotency_key,
      })
    const outcomes = (
      await Promise.all([
        f.submit(create(), create(), create()),
        ...Array.from({ length: 7 }, () => f.submit(create())),
      ])
    ).flat()
    expect(outcomes.map(codeOf)).toEqual(Array(10).fill('applied'))
    expect(new Set(outcomes.map((outcome) => outcome.status === 'applied' && outcome.blob.id)).size).toBe(1)
    expect(await f.sql('select 1 from delta.delta where idempotency_key = $1', [idempotency_key])).toHaveLength(1)
  })

  it('answers as it did then, and refuses another request', async () => {
    const blob_id = await f.create({ a: 1 })
    const item = aChange(f.tenant_id, { blob_id, change: whole('{"a":2}'), from_version: 1, idempotency_key: newId() })
    const [first] = await f.submit(item)
    await f.submit(aChange(f.tenant_id, { blob_id, change: whole('{"a":3}'), metadata: { later: true } }))
    expect(await f.submit(item)).toEqual([first])
    expect((await f.submit({ ...item, change: whole('{"a":4}') })).map(codeOf)).toEqual(['idempotency_conflict'])
    expect(await f.read(blob_id)).toEqual({ a: 3 })
  })

  it('gives the key back when the change failed', async () => {
    const blob_id = newId()
    const item = aChange(f.tenant_id, {
      blob_id,
      operation: 'create',
      change: { format: 'replace', content: { hash: sha256('late') }, content_type: 'image/png' },
      idempotency_key: newId(),
    })
    expect((await f.submit(item)).map(codeOf)).toEqual(['content_not_found'])
    await waitForValue(
      'the failed delta',
      () => deltasOf(blob_id),
      (deltas) => deltas[0]?.status === 'failed',
    )
    await f.blobs.putBytes('/internal/contents', Buffer.from('late'), { headers: { 'studio-tenant': f.tenant_id } })
    expect((await f.submit(item)).map(codeOf)).toEqual(['applied'])
  })
})

describe('transforms', () => {
  it('commits, records and repeats by delta id', async () => {
    const item = aTransform(f.tenant_id, {})
    const submit = async (...items: (typeof item)[]) => (await f.deltas.call('submitTransforms', { items })).items
    const [first] = await submit(item)
    expect(first).toMatchObject({ status: 'applied', version: 1, content_hash: sha256('made'), size: 4 })
    const json = { content: { base64: Buffer.from('{bad').toString('base64') }, content_type: 'application/json' }
    const next = {
      ...item,
      delta_id: newId(),
      from_version: 1,
      fence: 2,
      content: { base64: Buffer.from('again').toString('base64') },
    }
    expect(await submit(next, aTransform(f.tenant_id, json))).toMatchObject([
      { status: 'applied', version: 2 },
      { status: 'failed', problem: { code: 'invalid_content' } },
    ])
    expect(await submit(item)).toEqual([first])
    expect(await submit({ ...next, delta_id: newId() })).toEqual([{ status: 'conflict', head_version: 2 }])
    const buried = { ...next, delta_id: newId(), from_version: 2, fence: 3, content: null }
    expect(await submit(buried)).toMatchObject([{ status: 'applied', version: 3 }])
    const deltas = await deltasOf(item.blob_id)
    expect(deltas.map(({ operation, provider_id, to_version }) => [operation, provider_id, to_version])).toEqual([
      ['delete', 'test-provider', 3],
      ['transform', 'test-provider', 2],
      ['transform', 'test-provider', 1],
    ])
  })
})

describe('tombstones of derived blobs', () => {
  const send = async (change: Parameters<typeof aTransform>[1]) =>
    (await f.deltas.call('submitTransforms', { items: [aTransform(f.tenant_id, change)] })).items[0]
  const gone = { content: null, content_type: 'application/octet-stream' }

  it('of one that was never made keeps the first version of a late attempt out', async () => {
    const blob_id = newId()
    expect(await send({ blob_id, ...gone, fence: 2 })).toMatchObject({ status: 'applied', version: 1 })
    const { items } = await f.blobs.call('readBlobs', { items: [{ tenant_id: f.tenant_id, blob_id }] })
    expect(items[0]?.deleted_at).not.toBeNull()
    expect(await send({ blob_id, fence: 1 })).toMatchObject({ status: 'conflict', head_version: 1 })
  })

  it('of one that has gone already is there at once, without a version', async () => {
    const blob_id = newId()
    await send({ blob_id })
    expect(await send({ blob_id, ...gone, from_version: 1, fence: 2 })).toMatchObject({ status: 'applied', version: 2 })
    expect(await send({ blob_id, ...gone, from_version: 2, fence: 4 })).toMatchObject({ status: 'applied', version: 2 })
    // It keeps the run in between out all the same, which may be writing still.
    expect(await send({ blob_id, from_version: 2, fence: 3 })).toEqual({ status: 'conflict', head_version: 2 })
    expect(await send({ blob_id, from_version: 2, fence: 5 })).toMatchObject({ status: 'applied', version: 3 })
  })
})
