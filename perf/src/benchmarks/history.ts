import { gzipSync } from 'node:zlib'
import { packHistory } from '../../../services/blob/src/domain/pack-history.ts'
import { aCommit, openFixture, type Fixture } from '../../../services/blob/tests/fixture.ts'
import type { Figure } from '../figure.ts'
import { median } from '../load.ts'

/** What histories take, and what reading their worst version costs: blob's store on a real PostgreSQL, after the packer has gone through. */
export async function history(): Promise<Figure[]> {
  return [
    ...(await historyOf('10 KB JSON, 1,000 versions', jsonVersions(10_000, 1000))),
    ...(await historyOf('10 KB text, 1,000 versions', textVersions(10_000, 1000))),
    ...(await historyOf('1 MiB JSON, 100 versions', jsonVersions(1024 * 1024, 100))),
  ]
}

async function historyOf(name: string, versions: readonly Buffer[]): Promise<Figure[]> {
  const studio = await openFixture()
  try {
    const tenant_id = await commitAll(studio, versions)
    // As if the packer came a minute later.
    await packHistory(studio.store, {
      clock: () => new Date(Date.now() + 60_000),
      roundMs: 5_000,
      signal: new AbortController().signal,
    })
    const kept = await storageOf(studio)
    const ratio = await worstRead(studio, tenant_id)
    const raw = sum(versions.map(({ length }) => length))
    const gzipped = sum(versions.map((bytes) => gzipSync(bytes, { level: 1 }).length))
    return [
      figure(`${name}: bytes a version`, kept.bytes / versions.length, 'bytes'),
      figure(`${name}: of whole copies`, kept.bytes / raw, '×', '≤ 0.15'),
      figure(`${name}: of gzipped copies`, kept.bytes / gzipped, '×'),
      figure(`${name}: of whole copies, rows and indexes included`, kept.relation / raw, '×'),
      figure(`${name}: worst version against a snapshot`, ratio.worst / ratio.snapshot, '×', '≤ 3'),
      figure(`${name}: read of the worst version`, ratio.worst, 'ms'),
    ]
  } finally {
    await studio.close()
  }
}

const figure = (name: string, value: number, unit: string, aim?: string): Figure => ({
  name,
  value,
  unit,
  ...(aim !== undefined && { aim }),
  better: 'lower',
})

/** Commits them as the versions of one blob; answers its tenant. */
async function commitAll(studio: Fixture, versions: readonly Buffer[]): Promise<string> {
  const create = aCommit()
  for (const [from_version, bytes] of versions.entries())
    await studio.commitOne(
      aCommit({ blob_id: create.blob_id, from_version, content: { base64: bytes.toString('base64') } }),
    )
  return create.tenant_id
}

/** Bytes of the contents as they are kept, and of their table with its indexes when it holds nothing dead. */
async function storageOf({ database }: Fixture): Promise<{ bytes: number; relation: number }> {
  await database.execute('perf-vacuum', 'vacuum full analyze content')
  const [row] = await database.query<{ bytes: number; relation: number }>(
    'perf-storage',
    `select sum(octet_length(bytes))::bigint as bytes, pg_total_relation_size('content') as relation from content`,
  )
  if (!row) throw new Error('an aggregate has a row')
  return row
}

/** Median times in ms of the version with the largest patch and of a snapshot, read in turns. */
async function worstRead(
  { database, store }: Fixture,
  tenant_id: string,
): Promise<{ worst: number; snapshot: number }> {
  const [row] = await database.query<{ worst: string; snapshot: string }>(
    'perf-worst',
    'select hash as worst, base_hash as snapshot from content where base_hash is not null order by octet_length(bytes) desc limit 1',
  )
  if (!row) throw new Error('nothing was packed')
  const { worst, snapshot } = row
  const times: Record<string, number[]> = { [worst]: [], [snapshot]: [] }
  for (let round = 0; round < 220; round++) {
    for (const [hash, taken] of Object.entries(times)) {
      const start = performance.now()
      await store.readContents([{ tenant_id, hash }])
      if (round >= 20) taken.push(performance.now() - start)
    }
  }
  return { worst: median(times[worst] ?? []), snapshot: median(times[snapshot] ?? []) }
}

/** Numbers from 0 to 1, the same in every run. */
function randomNumbers(): () => number {
  let state = 42
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648
}

const vocabulary =
  'the quick brown fox jumps over a lazy dog while seven wizards quietly mix black liquid in glass jugs'.split(' ')

/** A document of records; each version changes one member of one of them, or puts a record in, or takes one out. */
function jsonVersions(size: number, count: number): Buffer[] {
  const random = randomNumbers()
  const record = () => ({
    id: Math.floor(random() * 1e9),
    name: words(random, 3),
    text: words(random, 12),
    price: Math.floor(random() * 1e5) / 100,
    tags: [words(random, 1), words(random, 1)],
  })
  const records = [record()]
  while (JSON.stringify(records).length < size) records.push(record())
  return Array.from({ length: count }, (_, version) => {
    const place = Math.floor(random() * records.length)
    if (version % 10 === 3) records.splice(place, 0, record())
    else if (version % 10 === 7) records.splice(place, 1)
    else Object.assign(records[place] ?? {}, { price: Math.floor(random() * 1e5) / 100, name: words(random, 3) })
    return Buffer.from(JSON.stringify({ records }))
  })
}

/** A text; each version puts a few words in or takes some out. */
function textVersions(size: number, count: number): Buffer[] {
  const random = randomNumbers()
  let text = ''
  while (text.length < size) text += `${words(random, 14)}.\n`
  return Array.from({ length: count }, () => {
    const place = Math.floor(random() * text.length)
    const removed = text.length > size ? Math.floor(random() * 40) : 0
    text = text.slice(0, place) + words(random, 4) + text.slice(place + removed)
    return Buffer.from(text)
  })
}

const words = (random: () => number, count: number): string =>
  Array.from({ length: count }, () => vocabulary[Math.floor(random() * vocabulary.length)]).join(' ')

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
