import { sha256 } from '@studio/kernel'
import fc from 'fast-check'
import { openFixture, type Fixture } from './fixture.ts'
import { commitMaker, Model, steps } from './model.ts'

let studio: Fixture
beforeAll(async () => {
  studio = await openFixture()
})
afterAll(() => studio.close())

it('does with any batches what the rules say', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 6 }), async (batches) => {
      let model = new Model()
      const commitOf = commitMaker()
      for (const batch of batches) {
        const commits = batch.map(commitOf)
        model = model.follow(commits, await studio.commit(...commits))
      }
      await expectHistoryOf(model)
    }),
    { numRuns: 100 },
  )
})

it('does with any atomic lists what the rules say: all of a list or none', async () => {
  // Bytes come with the items: which of two items of one list brings what the other one names is not told by the rules.
  const list = steps.map((all) => {
    const byDelta = new Map(all.map((one) => [one.delta, one]))
    return [...byDelta.values()].map((one) => (one.content === 'hash' ? { ...one, content: 'bytes' as const } : one))
  })
  await fc.assert(
    fc.asyncProperty(fc.array(list, { minLength: 1, maxLength: 12 }), async (lists) => {
      let model = new Model()
      const commitOf = commitMaker()
      for (const steps of lists) {
        const commits = steps.map(commitOf)
        const { model: next, expected } = model.followAll(commits)
        expect(await studio.commitAll(...commits)).toMatchObject(expected as object)
        model = next
      }
      await expectHistoryOf(model)
    }),
    { numRuns: 100 },
  )
})

/** The blobs are as the model has them, with all their versions and bytes. */
async function expectHistoryOf(model: Model): Promise<void> {
  for (const [blob_id, head] of model.heads) {
    const [blob] = await studio.store.readBlobs([{ tenant_id: head.tenant, blob_id }])
    expect(blob).toMatchObject({ version: head.version, content_hash: head.hash })
    expect(blob?.deleted_at !== null).toBe(head.deleted)
    const { versions } = await studio.store.listVersions({ tenant_id: head.tenant, blob_id, limit: 100 })
    expect(versions.map(({ version }) => version)).toEqual(
      Array.from({ length: head.version }, (_, index) => head.version - index),
    )
    const contents = await studio.store.readContents(
      versions.map(({ content_hash }) => ({ tenant_id: head.tenant, hash: content_hash })),
    )
    versions.forEach((version, index) => expect(sha256(contents[index] ?? 'missing')).toBe(version.content_hash))
  }
}
