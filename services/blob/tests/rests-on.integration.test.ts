import type { Basis, Commit } from '@studio/contracts'
import { openCommitBatch } from '../src/store/commit-batch.ts'
import { sha256 } from '@studio/kernel'
import { aCommit, openFixture, type Fixture } from './fixture.ts'

/** Commits that were derived from what others of their batch make. */

let studio: Fixture
beforeAll(async () => {
  studio = await openFixture()
})
afterAll(() => studio.close())

const basis = ({ delta_id }: Commit, text: string): Basis => ({ delta_id, content_hash: sha256(text) })

/** A derived blob and two below it, one after the other, all of them new. */
function aChain(): [Commit, Commit, Commit] {
  const first = aCommit({ text: 'one', operation: 'transform', fence: 1 })
  const second = aCommit({ text: 'two', operation: 'transform', fence: 1, rests_on: [basis(first, 'one')] })
  const third = aCommit({ text: 'three', operation: 'transform', fence: 1, rests_on: [basis(second, 'two')] })
  return [first, second, third]
}

const statuses = async (...commits: Commit[]): Promise<string[]> =>
  (await studio.commit(...commits)).map(({ status }) => status)

it('go in with what they rest on, in one statement, in any order, and are answered again as they were', async () => {
  const [first, second, third] = aChain()
  const { chains, run } = await studio.store.openBatch([third, first, second])
  expect([...(await run(chains)).values()].map(({ verdict }) => verdict)).toEqual(['written', 'written', 'written'])
  expect(await statuses(third, first, second)).toEqual(['committed', 'committed', 'committed'])
})

it('go in after it too', async () => {
  const [first, second, third] = aChain()
  expect(await statuses(first)).toEqual(['committed'])
  expect(await statuses(second, third)).toEqual(['committed', 'committed'])
})

it('do not go in without it, nor does what rests on them', async () => {
  const [first, second, third] = aChain()
  const apart = aCommit()
  await studio.commitOne(aCommit({ blob_id: first.blob_id, text: 'somebody else was first' }))
  expect(await statuses(first, second, third, apart)).toEqual(['conflict', 'baseless', 'baseless', 'committed'])
  expect(await studio.store.readBlobs([second, third])).toEqual([null, null])
  // Where the head has moved on, it is written on top of that, and they are as good as before.
  expect(await statuses({ ...first, from_version: 1 }, second, third)).toEqual(['committed', 'committed', 'committed'])
})

it('do not go in where it came to something else', async () => {
  const [first, second, third] = aChain()
  const otherwise = { ...first, content: aCommit({ text: 'merged' }).content }
  expect(await statuses(otherwise, second, third)).toEqual(['committed', 'baseless', 'baseless'])
  expect(await statuses(second)).toEqual(['baseless'])
})

it('rest on nothing of another tenant', async () => {
  const [first, second] = aChain()
  const tenant_id = aCommit().blob_id
  expect(await statuses({ ...first, tenant_id }, second)).toEqual(['committed', 'baseless'])
})

it('are not written where the race for what they rest on is lost in that very moment', async () => {
  const [first, second] = aChain()
  const written = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const other = await openCommitBatch(studio.database, [aCommit({ blob_id: first.blob_id, text: 'another' })])
  const winning = other.runTogether(
    async (run) => {
      await run([[0]])
      written.resolve()
      await released.promise
    },
    () => true,
  )
  await written.promise
  const losing = statuses(first, second)
  await studio.blocked(1)
  released.resolve()
  await winning
  expect(await losing).toEqual(['conflict', 'baseless'])
  expect(await studio.store.readBlobs([second])).toEqual([null])
})
