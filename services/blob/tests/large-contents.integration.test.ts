import { randomBytes } from 'node:crypto'
import { newId, sha256 } from '@studio/kernel'
import { packHistory } from '../src/domain/pack-history.ts'
import { readContents, readWithin } from '../src/store/sql/read-contents.ts'
import { aCommit, openFixture, type Fixture } from './fixture.ts'

let studio: Fixture
beforeAll(async () => {
  studio = await openFixture()
})
afterAll(() => studio.close())

const tenant_id = newId()
const reference = (bytes: Buffer) => ({ tenant_id, hash: sha256(bytes) })

test('bytes that nothing makes smaller come back from several pieces', async () => {
  const contents = [2 ** 20, 2 ** 20 + 1, 3 * 2 ** 20 + 77].map((size) => randomBytes(size))
  for (const bytes of contents) await studio.store.stageContent(tenant_id, bytes)
  const read = await studio.store.readContents(contents.map(reference))
  expect(read.map((bytes, at) => bytes?.equals(contents[at] as Buffer))).toEqual([true, true, true])
})

test('an answer carries what is small, and of the rest the size', async () => {
  const [small, other, large] = [randomBytes(600), randomBytes(600), randomBytes(1001)]
  for (const bytes of [small, other, large]) await studio.store.stageContent(tenant_id, bytes)
  const wanted = [large, small, other, small].map(reference)
  const missing = { tenant_id, hash: sha256('nothing') }
  const read = await studio.store.readContentsWithin([...wanted, missing], { each: 1000, together: 1000 })
  expect(read).toEqual([1001, small, 600, small, null])
})

test('what an answer tells the size of only is not read', async () => {
  const contents = [500, 2000, 300_000].map((size) => randomBytes(size))
  for (const bytes of contents) await studio.store.stageContent(tenant_id, bytes)
  let fetched = 0
  const { database } = studio
  const query: typeof database.query = async <Result extends object>(...given: Parameters<typeof database.query>) => {
    const rows = await database.query<Result>(...given)
    for (const row of rows as { bytes?: Buffer | null }[]) fetched += row.bytes?.length ?? 0
    return rows
  }
  const limits = { each: 1000, together: 10_000 }
  const read = await readWithin({ ...database, query }, contents.map(reference), limits)
  expect(read).toEqual([contents[0], 2000, 300_000])
  expect(fetched).toBe(500)
})

test('content that is packed while it is read in pieces is read anew', async () => {
  const older = randomBytes(2 * 2 ** 20)
  const newer = Buffer.concat([older, Buffer.from('more')])
  const { blob_id } = aCommit()
  for (const [from_version, bytes] of [older, newer].entries()) {
    const { hash } = await studio.store.stageContent(tenant_id, bytes)
    await studio.commitOne(aCommit({ tenant_id, blob_id, from_version, content: { hash }, content_type: 'image/png' }))
  }
  let packed = 0
  const { database } = studio
  const query: typeof database.query = async (name, text, values) => {
    const isPiece = name === 'read-content-piece'
    if (isPiece && packed === 0)
      ({ packed } = await packHistory(studio.store, {
        clock: () => new Date(Date.now() + 60_000),
        roundMs: 1000,
        signal: new AbortController().signal,
      }))
    return database.query(name, text, values)
  }
  const [read] = await readContents({ ...database, query }, [reference(older)])
  expect(packed).toBe(1)
  expect(read?.equals(older)).toBe(true)
})
