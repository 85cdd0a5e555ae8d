import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { Client } from './client.ts'
import { until } from './until.ts'

/** What a text holds: 1 KiB, new each time. */
export const newText = (): string => `${randomUUID()}\n${'x'.repeat(1000)}`

/** Columns of a text with a chain of derived blobs behind it, each node with content of its own. */
export interface Chains {
  readonly client: Client
  readonly database: pg.Pool
  readonly rootIds: readonly string[]
  readonly leafIds: readonly string[]
  close(): Promise<void>
}

/** Operations that go in one list, and requests that are under way at once. */
const listLength = 500
const atOnce = 20

/** Makes `columns` texts with a chain of `levels` nodes of the cheap provider `stamp` behind each, and waits until all are made. */
export async function buildChains(
  client: Client,
  databaseUrl: string,
  { columns, levels }: { columns: number; levels: number },
): Promise<Chains> {
  const database = new pg.Pool({ connectionString: databaseUrl, max: 1 })
  const rootIds = await each(
    Array.from({ length: columns }, newText),
    async (text) => (await client.send<{ id: string }>('POST', '/blobs', { text, providers: 'none' })).id,
  )
  let leafIds = rootIds
  for (let level = 1; level <= levels; level += 1) {
    leafIds = await each(leafIds, async (blob_id, column) => {
      const configuration = { mark: `${column}/${level}` }
      return (await client.send<{ blob_id: string }>('POST', '/providers/stamp/process', { blob_id, configuration }))
        .blob_id
    })
    await untilAllReach(
      database,
      leafIds,
      leafIds.map(() => 1),
      10,
    )
  }
  // Runs are recorded a little after what they made is committed.
  await untilAtRest(database)
  return { client, database, rootIds, leafIds, close: () => database.end() }
}

/**
 * Edits the first `columns` texts, in lists of at most 500 sent together: milliseconds from the first request until the last of the chains' ends
 * has its new version. Then waits for rest, so that the next edit is measured from it.
 */
export async function editChains({ client, database, rootIds, leafIds }: Chains, columns: number): Promise<number> {
  const edited = rootIds.slice(0, columns)
  const ends = leafIds.slice(0, columns)
  const versions = await nextVersions(database, ends)
  const operations = edited.map((blob_id) => ({ op: 'update', blob_id, text: newText() }))
  const begin = performance.now()
  await Promise.all(
    Array.from({ length: Math.ceil(columns / listLength) }, (_, list) =>
      client.send('POST', '/bulk', { operations: operations.slice(list * listLength, (list + 1) * listLength) }),
    ),
  )
  await untilAllReach(database, ends, versions, columns === 1 ? 2 : 10)
  const taken = performance.now() - begin
  await untilAtRest(database)
  return taken
}

/** Runs that dag has recorded. */
export async function countRuns(database: pg.Pool): Promise<number> {
  return Number((await database.query<{ count: string }>('select count(*) from dag.run')).rows[0]?.count)
}

/** Waits until nothing is to be made, nor being made, and what was made is recorded and told. */
export async function untilAtRest(database: pg.Pool): Promise<void> {
  const text = `select from dag.node where state in ('dirty', 'running')
    union all select from dag.outbox where sent_at is null
    union all select from blob.outbox where sent_at is null
    union all select from delta.outbox where sent_at is null
    union all select from (select delta_id from blob.version order by version_id desc limit 1) as newest
      where not exists (select from delta.delta where id = newest.delta_id and status = 'applied')
    limit 1`
  await until(async () => (await database.query({ name: 'at rest', text })).rowCount === 0, 20)
}

/** Does `work` with each, at most 20 at once, and answers in their order. */
export async function each<Item, Answer>(
  items: readonly Item[],
  work: (item: Item, place: number) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = []
  const left = items.entries()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const [place, item] of left) answers[place] = await work(item, place)
    }),
  )
  return answers
}

// The commit of a version is what the clock stops at: from then on it can be read. Looking takes the time of what is measured: so one that is missing is looked at until
// it is there, and only then all.
async function untilAllReach(
  database: pg.Pool,
  blobIds: readonly string[],
  versions: readonly number[],
  everyMs: number,
): Promise<void> {
  const text = `select (place - 1)::int as place from unnest($1::uuid[], $2::int[]) with ordinality as wanted(id, version, place)
    join blob.blob using (id) where blob.version < wanted.version order by place`
  const missing = async (ids: readonly string[], wanted: readonly number[]): Promise<number[]> =>
    (await database.query<{ place: number }>({ name: 'missing', text, values: [ids, wanted] })).rows.map(
      ({ place }) => place,
    )
  for (let places = await missing(blobIds, versions); places.length > 0; places = await missing(blobIds, versions)) {
    const [last = 0] = places.slice(-1)
    await until(
      async () => (await missing(blobIds.slice(last, last + 1), versions.slice(last, last + 1))).length === 0,
      everyMs,
    )
  }
}

/** The version after the one that each has: some have been edited more often than others. */
async function nextVersions(database: pg.Pool, blobIds: readonly string[]): Promise<number[]> {
  const query = `select version + 1 as next from unnest($1::uuid[]) with ordinality as one(id, place) join blob.blob using (id) order by place`
  return (await database.query<{ next: number }>(query, [blobIds])).rows.map(({ next }) => next)
}
