import type { Commit } from '@studio/contracts'
import { sha256 } from '@studio/kernel'
import { aCommit, hashOf, openFixture, type Fixture } from './fixture.ts'

let studio: Fixture
beforeAll(async () => {
  studio = await openFixture()
})
afterAll(() => studio.close())

/** Updates of a blob from a version, each planned on the text that the one before it makes. */
function chainOf(blob_id: string, from: number, on: string, texts: readonly string[]): Commit[] {
  return texts.map((text, at) =>
    aCommit({ blob_id, from_version: from + at, from_hash: sha256(at === 0 ? on : (texts[at - 1] ?? '')), text }),
  )
}

const texts = Array.from({ length: 100 }, (_, at) => `text ${at}`)

async function aBlob(text: string): Promise<string> {
  const create = aCommit({ text })
  await studio.commitOne(create)
  return create.blob_id
}

it('writes 100 changes of one blob in one statement, and tells of each', async () => {
  const blob_id = await aBlob('start')
  const commits = chainOf(blob_id, 1, 'start', texts)
  const { chains, run } = await studio.store.openBatch(commits)
  expect(chains).toHaveLength(1)
  const judgements = await run(chains)
  expect([...judgements.values()]).toMatchObject(
    texts.map((text, at) => ({ verdict: 'written', blob: { version: at + 2, content_hash: sha256(text) } })),
  )
  const [{ tenant_id } = aCommit()] = commits
  expect(await studio.store.readBlobs([{ tenant_id, blob_id }])).toMatchObject([
    { version: 101, content_hash: sha256('text 99') },
  ])
  const { versions } = await studio.store.listVersions({ tenant_id, blob_id, limit: 200 })
  expect(versions.map(({ delta_id }) => delta_id).slice(0, 100)).toEqual(
    commits.map(({ delta_id }) => delta_id).reverse(),
  )
  const facts = (await studio.events()).flatMap(({ data }) => (data as { facts: { version: number }[] }).facts)
  expect(facts.map(({ version }) => version)).toEqual(Array.from({ length: 101 }, (_, at) => at + 1))
  // Said again, they are answered as they were.
  expect(await studio.commit(...commits)).toMatchObject(
    texts.map((_text, at) => ({ status: 'committed', version: at + 2 })),
  )
})

it('takes nothing that was planned on a version that somebody else made otherwise', async () => {
  const blob_id = await aBlob('start')
  await studio.commitOne(aCommit({ blob_id, from_version: 1, text: 'somebody else' }))
  const outcomes = await studio.commit(...chainOf(blob_id, 1, 'start', ['one', 'two', 'three']))
  expect(outcomes).toEqual(Array(3).fill({ status: 'conflict', head_version: 2 }))
})

it('ends a chain where a commit cannot go in, which takes those behind it along', async () => {
  const blob_id = await aBlob('start')
  const commits = chainOf(blob_id, 1, 'start', ['one', 'nowhere', 'three'])
  commits[1] = { ...(commits[1] as Commit), content: hashOf('nowhere') }
  expect(await studio.commit(...commits)).toMatchObject([
    { status: 'committed', version: 2 },
    { status: 'content_missing' },
    { status: 'conflict', head_version: 2 },
  ])
})

it('lets two chains of one blob go one after the other', async () => {
  const blob_id = await aBlob('start')
  const [first, second] = [chainOf(blob_id, 1, 'start', ['a', 'b']), chainOf(blob_id, 3, 'b', ['c', 'd'])]
  const metadata = aCommit({ blob_id, from_version: 5, content: null, metadata: { seen: true } })
  const outcomes = await studio.commit(...first, ...second, metadata)
  expect(outcomes).toMatchObject([2, 3, 4, 5, 6].map((version) => ({ status: 'committed', version })))
})
