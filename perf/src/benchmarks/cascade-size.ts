import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { newClient, type Client } from '../client.ts'
import type { Figure } from '../figure.ts'
import { median } from '../load.ts'
import type { Stack } from '../stack.ts'
import { until } from '../until.ts'

const columns = 100
const levels = 10

/**
 * 100 texts with a chain of 10 `stamp` nodes behind each, every node with content of its own: from sending the edit of all, or one, of the
 * texts until the last derived version can be read; beside CocoIndex, which does the same in one process, on the same machine, in turn.
 */
export async function cascadeSize(stack: Stack): Promise<Figure[]> {
  const client = newClient(stack)
  const database = new pg.Pool({ connectionString: stack.databaseUrl, max: 1 })
  const countRuns = async (): Promise<number> =>
    Number((await database.query<{ count: string }>('select count(*) from dag.run')).rows[0]?.count)
  try {
    const chains = await Promise.all(Array.from({ length: columns }, (_, column) => build(client, column)))
    for (let time = 0; time < 3; time += 1) await measure(client, chains)
    const before = await countRuns()
    const all = await repeat(9, () => measure(client, chains))
    const runs = ((await countRuns()) - before) / 9
    const one = await repeat(20, () => measure(client, chains.slice(0, 1)))
    const peer = await cocoIndex()
    const figures: Figure[] = [
      {
        name: '1,000 nodes: edit of 100 texts → last version',
        value: all,
        unit: 'ms',
        aim: '< 1,500',
        better: 'lower',
      },
      { name: '1,000 nodes: runs', value: runs, unit: '', aim: '1,000', better: 'lower' },
      { name: '1,000 nodes: edit of one text → last of its 10', value: one, unit: 'ms', aim: '< 60', better: 'lower' },
    ]
    if (peer === null) return figures
    return [
      ...figures,
      { name: '1,000 nodes: CocoIndex, all', value: peer.all, unit: 'ms', better: 'lower' },
      { name: '1,000 nodes: CocoIndex, one', value: peer.one, unit: 'ms', better: 'lower' },
      { name: '1,000 nodes: all, of CocoIndex', value: all / peer.all, unit: '×', aim: '≤ 1', better: 'lower' },
      { name: '1,000 nodes: one, of CocoIndex', value: one / peer.one, unit: '×', aim: '≤ 1', better: 'lower' },
    ]
  } finally {
    await Promise.all([client.close(), database.end()])
  }
}

interface Chain {
  readonly rootId: string
  readonly leafId: string
  version: number
}

async function build(client: Client, column: number): Promise<Chain> {
  const { id: rootId } = await client.send<{ id: string }>('POST', '/blobs', { text: textOf(), providers: 'none' })
  let leafId = rootId
  for (let level = 1; level <= levels; level += 1) {
    const job = await client.send<{ job_id: string; blob_id: string }>('POST', '/providers/stamp/process', {
      blob_id: leafId,
      configuration: { mark: `${column}/${level}` },
    })
    await until(
      async () => (await client.send<{ status: string }>('GET', `/jobs/${job.job_id}`)).status === 'succeeded',
    )
    leafId = job.blob_id
  }
  return { rootId, leafId, version: 1 }
}

function textOf(): string {
  return `${randomUUID()}\n${'x'.repeat(1000)}`
}

async function measure(client: Client, chains: readonly Chain[]): Promise<number> {
  const operations = chains.map(({ rootId }) => ({ op: 'update', blob_id: rootId, text: textOf() }))
  const begin = performance.now()
  await client.send('POST', '/bulk', { operations })
  for (const chain of chains) {
    chain.version += 1
    await until(
      async () => (await client.send<{ version: number }>('GET', `/blobs/${chain.leafId}`)).version >= chain.version,
    )
  }
  const taken = performance.now() - begin
  for (const { rootId } of chains)
    await until(async () => (await client.send<{ settled: boolean }>('GET', `/blobs/${rootId}/dag`)).settled)
  return taken
}

async function repeat(times: number, run: () => Promise<number>): Promise<number> {
  const taken: number[] = []
  for (let time = 0; time < times; time += 1) taken.push(await run())
  return median(taken)
}

const run = promisify(execFile)
const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The same in CocoIndex, installed from PyPI at the first time; null where there is no Python that can have it. */
async function cocoIndex(): Promise<{ all: number; one: number } | null> {
  const python = fileOf('../../../.tools/peers/cocoindex/bin/python')
  try {
    if (!existsSync(python)) {
      await run('python3', ['-m', 'venv', fileOf('../../../.tools/peers/cocoindex')])
      await run(python, ['-m', 'pip', 'install', '--quiet', 'cocoindex==1.0.26'], { timeout: 300_000 })
    }
    const { stdout } = await run(python, [fileOf('../../peers/chains_in_cocoindex.py')], { timeout: 300_000 })
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { all: number; one: number }
  } catch (error) {
    process.stderr.write(`CocoIndex is left out: ${String(error).slice(0, 300)}\n`)
    return null
  }
}
