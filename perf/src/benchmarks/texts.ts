import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { countRuns, each, newText, untilAtRest } from '../chains.ts'
import { newClient, type Client } from '../client.ts'
import type { Figure } from '../figure.ts'
import { load, median } from '../load.ts'
import type { Stack } from '../stack.ts'
import { until } from '../until.ts'

const texts = 1000
const providers = 3
const listLength = 100
const rounds = 5
const watchMs = 10

interface Import {
  /** Milliseconds until the last text was accepted, and until all that follows from all of them is there. */
  accepted: number
  settled: number
  runs: number
}

/**
 * 1,000 texts of 1 KiB imported, each taken by three cheap providers: in `/batches` of 100, and by single requests, 50 at a time. Until all
 * texts are accepted, and until all 3,000 derived blobs are committed. Medians of five imports, each by a tenant of its own.
 */
export async function texts1000(stack: Stack): Promise<Figure[]> {
  const database = new pg.Pool({ connectionString: stack.databaseUrl, max: 1 })
  try {
    const ways = { batches: inBatches, 'single requests': bySingleRequests }
    const figures: Figure[] = []
    for (const [way, send] of Object.entries(ways)) {
      await measure(stack, database, send)
      const imports: Import[] = []
      for (let round = 0; round < rounds; round += 1) imports.push(await measure(stack, database, send))
      const middle = (of: (one: Import) => number): number => median(imports.map(of))
      figures.push(
        {
          name: `1,000 texts, ${way}: accepted/s`,
          value: middle(({ accepted }) => (1000 * texts) / accepted),
          unit: '/s',
          better: 'higher',
        },
        {
          name: `1,000 texts × 3, ${way}: all settled after`,
          value: middle(({ settled }) => settled),
          unit: 'ms',
          aim: '< 4,000',
          better: 'lower',
        },
        {
          name: `1,000 texts × 3, ${way}: runs`,
          value: middle(({ runs }) => runs),
          unit: '',
          aim: '3,000',
          better: 'lower',
        },
      )
    }
    return figures
  } finally {
    await database.end()
  }
}

/** Sends all texts, and answers their ids. */
type Send = (stack: Stack, client: Client) => Promise<string[]>

const note = () => ({ text: newText(), content_type: 'text/x-note' })

const inBatches: Send = async (_stack, client) => {
  const lists = Array.from({ length: texts / listLength }, () => Array.from({ length: listLength }, note))
  const answers = await each(lists, (list) =>
    client.send<{ results: { blob: { id: string } }[] }>('POST', '/batches', {
      operations: list.map((one) => ({ op: 'create', ...one })),
    }),
  )
  return answers.flatMap(({ results }) => results.map(({ blob }) => blob.id))
}

const bySingleRequests: Send = async (stack) => {
  const headers = { authorization: `Bearer ${stack.tokenFor(randomUUID())}`, 'content-type': 'application/json' }
  const ids: string[] = []
  const { errors } = await load(
    stack.url,
    50,
    texts / 50,
    () => ({ method: 'POST', path: '/api/v1/studio/blobs', headers, body: JSON.stringify(note()) }),
    (answer) => ids.push((JSON.parse(answer) as { data: { id: string } }).data.id),
  )
  if (errors > 0) throw new Error(`${errors} creates failed`)
  return ids
}

async function measure(stack: Stack, database: pg.Pool, send: Send): Promise<Import> {
  const client = newClient(stack)
  try {
    const before = await countRuns(database)
    const begin = performance.now()
    const ids = await send(stack, client)
    const accepted = performance.now() - begin
    await untilDerived(database, ids)
    const settled = performance.now() - begin
    await untilAtRest(database)
    return { accepted, settled, runs: (await countRuns(database)) - before }
  } finally {
    await client.close()
  }
}

/**
 * Waits until all that dag derives from these is committed. All are looked at now and then only, and one that is missing in between: to look at 3,000 each 10 ms
 * took a sixth of the CPU of the import that was to be measured.
 */
async function untilDerived(database: pg.Pool, ids: readonly string[]): Promise<void> {
  await until(async () => {
    const derived = await listDerived(database, ids)
    const missing = derived.find(({ is_there }) => !is_there)
    if (missing) await until(() => isThere(database, missing.id), watchMs)
    return !missing && derived.length === texts * providers
  }, watchMs)
}

async function listDerived(database: pg.Pool, ids: readonly string[]): Promise<{ id: string; is_there: boolean }[]> {
  const query = `select edge.target_id as id, blob.id is not null as is_there from dag.edge left join blob.blob on blob.id = edge.target_id
    where edge.source_id = any($1::uuid[]) and edge.valid_to is null`
  return (await database.query<{ id: string; is_there: boolean }>(query, [ids])).rows
}

async function isThere(database: pg.Pool, id: string): Promise<boolean> {
  return (await database.query('select from blob.blob where id = $1', [id])).rowCount === 1
}
