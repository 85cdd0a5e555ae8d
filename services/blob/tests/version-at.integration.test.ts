import { Timestamp, type Commit } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { aCommit, openFixture, type Fixture } from './fixture.ts'

let studio: Fixture
beforeAll(async () => {
  studio = await openFixture()
})
afterAll(() => studio.close())

async function aBlob(versions: number): Promise<Commit> {
  const create = aCommit()
  const { blob_id } = create
  const later = Array.from({ length: versions - 1 }, (_, index) => aCommit({ blob_id, from_version: index + 1 }))
  await studio.commitAll(create, ...later)
  return create
}

describe('the version of a time', () => {
  it('is the newest that was made by then, to the millisecond that its own time tells', async () => {
    const { tenant_id, blob_id } = await aBlob(20)
    const reference = { tenant_id, blob_id }
    // Some made in the same millisecond.
    await studio.database.execute(
      'test-times',
      `update version set created_at = timestamptz '2026-01-01' + (version / 3) * interval '1 second' + version * interval '7 microseconds' where blob_id = $1`,
      [blob_id],
    )
    const { versions } = await studio.store.listVersions({ ...reference, limit: 50 })
    const first = Date.parse(versions.at(-1)?.created_at ?? '')
    for (let at = first - 1500; at < first + 9000; at += 250) {
      const expected = versions.find(({ created_at }) => Date.parse(created_at) <= at) ?? null
      expect(await studio.store.readVersionAt({ ...reference, at: new Date(at).toISOString() })).toEqual(expected)
    }
    const at = versions[0]?.created_at ?? ''
    expect(await studio.store.readVersionAt({ ...reference, tenant_id: newId(), at })).toBeNull()
    expect(await studio.store.readVersionAt({ ...reference, blob_id: newId(), at })).toBeNull()
  })

  it('is told for every time that the contract lets through, whatever PostgreSQL takes for one', async () => {
    const { tenant_id, blob_id } = await aBlob(2)
    const versionAt = async (at: string) =>
      (await studio.store.readVersionAt({ tenant_id, blob_id, at: Timestamp.parse(at) }))?.version ?? null
    for (const at of ['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+23:59', '1969-12-31T23:59:59.999999999-23:59'])
      expect([at, await versionAt(at)]).toEqual([at, null])
    for (const at of ['9999-12-31T23:59:59-23:59', '2999-06-30T23:59:59+23:59'])
      expect([at, await versionAt(at)]).toEqual([at, 2])
  })

  it('never goes back from one version to the next, whatever the clock does', async () => {
    const { tenant_id, blob_id } = await aBlob(1)
    await studio.database.execute(
      'test-clock',
      `update blob set updated_at = now() + interval '1 hour' where id = $1`,
      [blob_id],
    )
    const { blob } = await studio.commitOne(aCommit({ tenant_id, blob_id, from_version: 1 }))
    const later = new Date(Date.parse(blob.updated_at) - 1).toISOString()
    expect((await studio.store.readVersionAt({ tenant_id, blob_id, at: later }))?.version).toBe(1)
    expect((await studio.store.readVersionAt({ tenant_id, blob_id, at: blob.updated_at }))?.version).toBe(2)
  })
})
