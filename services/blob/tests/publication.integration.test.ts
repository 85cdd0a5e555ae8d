import type { Publishing } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import { aCommit, bytesOf, openFixture, type Fixture } from './fixture.ts'

/** What readers see of blobs that are published together. */

let f: Fixture

beforeAll(async () => {
  f = await openFixture()
}, 120_000)

afterAll(() => f?.close())

async function source(publication: 'atomic' | 'immediate' = 'atomic') {
  const commit = aCommit({ publication })
  await f.commitOne(commit)
  return commit
}

const reference = ({ tenant_id, blob_id }: { tenant_id: string; blob_id: string }) => ({ tenant_id, blob_id })
const derived = (
  parent: ReturnType<typeof aCommit>,
  gated_since: number | null,
  more: Parameters<typeof aCommit>[0] = {},
) =>
  aCommit({
    created_by: 'stamp',
    operation: 'transform',
    root_id: parent.blob_id,
    parent_id: parent.blob_id,
    depth: 1,
    fence: 1,
    gated_since,
    ...more,
  })
const next = (before: ReturnType<typeof aCommit>, from_version: number, more: Parameters<typeof aCommit>[0] = {}) =>
  aCommit({
    ...before,
    delta_id: newId(),
    content: bytesOf(newId()),
    operation: 'update',
    from_version,
    publication: null,
    ...more,
  })
const seen = async (one: { tenant_id: string; blob_id: string }) => {
  const [found] = await f.store.readPublished([reference(one)])
  return found && [found.published?.version ?? null, found.blob.version, found.blob.content_hash]
}
const item = (
  one: { blob_id: string },
  version: number | null,
  revision: number,
  input_ids: string[] = [],
): Publishing => ({ blob_id: one.blob_id, version, revision, input_ids })

test('a source is seen as it was from its first atomic write on, and what is derived as dag says of the write', async () => {
  const one = await source()
  const made = derived(one, 3)
  await f.commitOne(made)
  const now = derived(one, null)
  await f.commitOne(now)
  expect(
    (await f.store.readPublished([one, made, now].map(reference))).map((found) => found?.published?.version ?? null),
  ).toEqual([0, 0, null])
  const later = await source('immediate')
  await f.commitOne(next(later, 1))
  expect((await seen(later))?.slice(0, 2)).toEqual([null, 2])
  await f.commitOne(next(later, 2, { publication: 'atomic' }))
  expect((await seen(later))?.slice(0, 2)).toEqual([2, 2])
  await f.commitOne(next(later, 3))
  expect((await seen(later))?.slice(0, 2)).toEqual([2, 2])
})

test('publications move in one step, never back, and what is released is seen at its head', async () => {
  const one = await source()
  const made = derived(one, 3)
  await f.commitOne(made)
  await f.store.publish(one.tenant_id, [item(one, 1, 5), item(made, 1, 5, [one.blob_id])])
  const newer = next(one, 1)
  await f.commitOne(newer)
  await f.commitOne(next(made, 1, { operation: 'transform', fence: 2 }))
  const set = await f.store.readPublishedSet(reference(one))
  expect(set).toMatchObject({ revision: 5 })
  expect(set?.members.map(({ id, version, input_ids }) => [id, version, input_ids]).sort()).toEqual(
    [
      [one.blob_id, 1, []],
      [made.blob_id, 1, [one.blob_id]],
    ].sort(),
  )
  expect((await seen(one))?.slice(0, 2)).toEqual([1, 1])
  expect(await f.store.publish(one.tenant_id, [item(one, 2, 7), item(made, 2, 7, [one.blob_id])])).toBe(2)
  expect(await f.store.publish(one.tenant_id, [item(one, 1, 5), item(made, 1, 5, [one.blob_id])])).toBe(0)
  expect((await seen(one))?.slice(0, 2)).toEqual([2, 2])
  expect(await f.store.publish(newId(), [item(one, 1, 9)])).toBe(0)
  // A run of before the release, whose write comes late, is seen as every other one.
  await f.store.publish(one.tenant_id, [item(made, null, 9)])
  await f.commitOne(next(made, 2, { operation: 'transform', fence: 3, gated_since: 3 }))
  expect((await seen(made))?.slice(0, 2)).toEqual([null, 3])
  await f.commitOne(next(made, 3, { operation: 'transform', fence: 4, gated_since: 10 }))
  expect((await seen(made))?.slice(0, 2)).toEqual([3, 3])
})

test('lists have what readers see, page by page: no blob before its publication, none after that of its deletion', async () => {
  const tenant_id = newId()
  const [one, other, gone] = [
    aCommit({ tenant_id, publication: 'atomic' }),
    aCommit({ tenant_id, publication: 'immediate' }),
    aCommit({ tenant_id, publication: 'atomic' }),
  ]
  for (const commit of [one, other, gone]) await f.commitOne(commit)
  const list = async () => {
    const ids: string[] = []
    for (let after: string | undefined; ;) {
      const page = await f.store.listPublished({ tenant_id, limit: 1, after })
      ids.push(...page.blobs.map(({ blob }) => blob.id))
      if (page.next === null) return ids
      after = page.next
    }
  }
  expect(await list()).toEqual([other.blob_id])
  await f.store.publish(tenant_id, [item(one, 1, 2), item(gone, 1, 2)])
  await f.commitOne(next(gone, 1, { operation: 'delete', content: null }))
  expect(await list()).toEqual([gone.blob_id, other.blob_id, one.blob_id])
  await f.store.publish(tenant_id, [item(gone, 2, 3)])
  expect(await list()).toEqual([other.blob_id, one.blob_id])
  expect((await f.store.readPublished([gone]))[0]?.blob.deleted_at).not.toBeNull()
  expect(await f.store.readPublishedSet(reference(gone))).toBeNull()
  expect((await f.store.readPublished([{ ...gone, tenant_id: newId() }]))[0]).toBeNull()
})

test('a derived blob is seen with the edit that its published version has, whatever stands at its head', async () => {
  const made = derived(await source(), 3, { text: 'made' })
  await f.commitOne(made)
  const [tenant_id, side] = [
    made.tenant_id,
    (text: string) => ({ content_hash: sha256(text), content_type: 'text/plain' }),
  ]
  const overlay = (conflicted: boolean) => ({
    from_generated: conflicted ? sha256('made') : null,
    next: { base: side('made'), edited: side('by hand'), generated: side('made'), conflicted },
  })
  await f.commitOne(next(made, 1, { created_by: 'user', content: bytesOf('by hand'), overlay: overlay(false) }))
  await f.commitOne(next(made, 2, { content: bytesOf('by hand'), overlay: overlay(true) }))
  const shown = async (version: number) => {
    await f.store.publish(tenant_id, [item(made, version, version + 3)])
    const [found] = await f.store.readPublished([reference(made)])
    const { blobs } = await f.store.listPublished({ tenant_id, root_id: made.root_id, limit: 10 })
    expect(blobs.find(({ blob }) => blob.id === made.blob_id)).toEqual(found)
    return [found?.blob.version, found?.blob.overlay]
  }
  expect([await shown(1), await shown(2), await shown(3)]).toEqual([
    [1, null],
    [2, 'edited'],
    [3, 'conflicted'],
  ])
})
