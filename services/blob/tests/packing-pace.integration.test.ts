import { newId, sha256 } from '@studio/kernel'
import { waitFor } from '@studio/testing'
import { packHistory } from '../src/domain/pack-history.ts'
import { patienceMs, quietMs } from '../src/domain/packing-pace.ts'
import { startPacker } from '../src/packer.ts'
import { aCommit, bytesOf, openFixture, silent, type Fixture } from './fixture.ts'

const roundMs = 1000
const edits = 40
const page = Array.from({ length: 100 }, (_, number) => `${number}: ${sha256(String(number))}\n`)
const edited = (place: number): string => page.with(place, `edited ${place}\n`).join('')

/** A store with one blob of 40 versions that were made a while ago, and no other. */
let studio: Fixture
let made: number
const blob_id = newId()
beforeEach(async () => {
  studio = await openFixture()
  for (let from_version = 0; from_version < edits; from_version++)
    await studio.commitOne(aCommit({ blob_id, from_version, content: bytesOf(edited(from_version)) }))
  made = Date.now()
})
afterEach(() => studio.close())

/** Commits a blob whose version was made at a time, which is told from its id. */
async function commitAt(time: number): Promise<void> {
  const { blob } = await studio.commitOne(aCommit())
  const hex = time.toString(16).padStart(12, '0')
  await studio.database.execute('test-date', 'update version set version_id = $2 where blob_id = $1', [
    blob.id,
    `${hex.slice(0, 8)}-${hex.slice(8)}${newId().slice(13)}`,
  ])
}

async function countPatches(): Promise<number> {
  const [row] = await studio.database.query<{ patches: number }>(
    'test-patches',
    'select count(*) as patches from content where base_hash is not null',
  )
  return row?.patches ?? 0
}

/** A round that finds the time 10 ms later whenever it looks. */
async function roundAt(now: number): Promise<number> {
  let looks = 0
  const clock = (): Date => new Date(now + 10 * looks++)
  return (await packHistory(studio.store, { clock, roundMs, signal: new AbortController().signal })).packed
}

it('gives way while somebody writes, and comes to its work when nobody does', async () => {
  const later = made + patienceMs / 2
  await commitAt(later)
  expect(await roundAt(later)).toBe(0)
  expect(await roundAt(later + quietMs / 2)).toBe(0)
  expect(await roundAt(later + quietMs)).toBeGreaterThan(30)
  expect(await countPatches()).toBeGreaterThan(30)
})

it('does a part of its work in each round where writers never pause, until all is done', async () => {
  let rounds = 0
  for (let now = made + patienceMs; (await countPatches()) < 30; now += roundMs, rounds += 1) {
    await commitAt(now)
    expect(await roundAt(now)).toBeLessThan(10)
  }
  expect(rounds).toBeGreaterThan(3)
})

it('the packer of a process looks again until it may', async () => {
  const began = Date.now()
  await commitAt(began + 3_000)
  // The versions are made to be old, so that nothing but the writer keeps the packer away.
  await studio.database.execute(
    'test-age',
    `update version set version_id = uuidv7(interval '-30 seconds') where blob_id = $1`,
    [blob_id],
  )
  const packer = startPacker(studio.store, { everyMs: 20, log: silent })
  try {
    await waitFor('patches', async () => (await countPatches()) > 30)
    expect(Date.now() - began).toBeGreaterThanOrEqual(3_000 + quietMs)
  } finally {
    await packer.close()
  }
})
