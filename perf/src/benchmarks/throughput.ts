import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort } from '@studio/supervisor'
import { waitForValue } from '@studio/testing'
import type { Figure } from '../figure.ts'
import { load, median, type Measured } from '../load.ts'
import type { Stack } from '../stack.ts'

const writers = 100
const rounds = 5
const kilobyte = 'The quick brown fox jumps over the lazy dog while it rains. '.repeat(17).slice(0, 1000)

/** 100 writers with 10 creates each, and as many readers, in turn with a bare express server; medians of five rounds. */
export async function throughput(stack: Stack): Promise<Figure[]> {
  const bare = await startBare(stack.databaseUrl)
  const headers = { authorization: `Bearer ${stack.tokenFor(randomUUID())}`, 'content-type': 'application/json' }
  const base = '/api/v1/studio/blobs'
  const measured = {
    creates: [] as Measured[],
    bareCreates: [] as Measured[],
    reads: [] as Measured[],
    bareReads: [] as Measured[],
    updates: [] as Measured[],
  }
  const ids: string[] = []
  const bareIds: string[] = []
  const idOf = (answer: string): string => (JSON.parse(answer) as { data: { id: string } }).data.id
  const create = (writer: number, turn: number) => ({
    method: 'POST' as const, path: base, headers, body: JSON.stringify({ text: `${writer} ${turn} ${randomUUID()} ${kilobyte}`, providers: 'none' }),
  }) // prettier-ignore
  const bareCreate = (writer: number, turn: number) => ({ ...create(writer, turn), path: '/blobs' })
  try {
    await load(stack.url, writers, 5, create)
    await load(bare.url, writers, 5, bareCreate)
    for (let round = 0; round < rounds; round++) {
      measured.creates.push(await load(stack.url, writers, 10, create, (answer) => ids.push(idOf(answer))))
      measured.bareCreates.push(await load(bare.url, writers, 10, bareCreate, (answer) => bareIds.push(idOf(answer))))
      const pick = (list: string[], writer: number, turn: number) => list[(writer * 31 + turn * 7) % list.length] ?? ''
      measured.reads.push(
        await load(stack.url, writers, 30, (writer, turn) => ({
          method: 'GET',
          path: `${base}/${pick(ids, writer, turn)}`,
          headers,
        })),
      )
      measured.bareReads.push(
        await load(bare.url, writers, 30, (writer, turn) => ({
          method: 'GET',
          path: `/blobs/${pick(bareIds, writer, turn)}`,
        })),
      )
      measured.updates.push(
        await load(stack.url, writers, 10, (writer, turn) => ({
          method: 'PATCH',
          path: `${base}/${ids[writer * 10 + turn] ?? ''}`,
          headers,
          body: JSON.stringify({ text: `${randomUUID()} ${kilobyte}` }),
        })),
      )
    }
  } finally {
    await bare.stop()
  }
  const errors = Object.values(measured)
    .flat()
    .reduce((sum, one) => sum + one.errors, 0)
  if (errors > 0) throw new Error(`${errors} requests failed`)
  const rate = (list: Measured[]) => median(list.map((one) => one.rate))
  const at = (list: Measured[], q: 'p50' | 'p99') => median(list.map((one) => one[q]))
  return [
    {
      name: 'creates/s, 100 writers, no provider',
      value: rate(measured.creates),
      unit: '/s',
      aim: 'floor 100',
      better: 'higher',
    },
    { name: 'creates/s of a bare express server', value: rate(measured.bareCreates), unit: '/s', better: 'higher' },
    {
      name: 'creates: ratio to bare',
      value: rate(measured.creates) / rate(measured.bareCreates),
      unit: '',
      aim: '≥ 0.2',
      better: 'higher',
    },
    { name: 'reads/s, 100 readers', value: rate(measured.reads), unit: '/s', better: 'higher' },
    { name: 'reads/s of a bare express server', value: rate(measured.bareReads), unit: '/s', better: 'higher' },
    {
      name: 'reads: ratio to bare',
      value: rate(measured.reads) / rate(measured.bareReads),
      unit: '',
      aim: '≥ 0.35',
      better: 'higher',
    },
    { name: 'updates/s, 100 writers, no provider', value: rate(measured.updates), unit: '/s', better: 'higher' },
    { name: 'create p50 at 100 writers', value: at(measured.creates, 'p50'), unit: 'ms', better: 'lower' },
    { name: 'create p99 at 100 writers', value: at(measured.creates, 'p99'), unit: 'ms', better: 'lower' },
    { name: 'read p50 at 100 readers', value: at(measured.reads, 'p50'), unit: 'ms', better: 'lower' },
    { name: 'read p99 at 100 readers', value: at(measured.reads, 'p99'), unit: 'ms', better: 'lower' },
    { name: 'update p50 at 100 writers', value: at(measured.updates, 'p50'), unit: 'ms', better: 'lower' },
    { name: 'update p99 at 100 writers', value: at(measured.updates, 'p99'), unit: 'ms', better: 'lower' },
  ]
}

/** 1,000 texts with the default providers behind each: accepted/s, and settled/s when all 3,000 derived blobs are there. */
export async function withProviders(stack: Stack): Promise<Figure[]> {
  const token = stack.tokenFor(randomUUID())
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const began = performance.now()
  const ids: string[] = []
  const accepted = await load(
    stack.url, writers, 10,
    (writer, turn) => ({ method: 'POST', path: '/api/v1/studio/blobs', headers, body: JSON.stringify({ text: `Text ${turn} of writer ${writer} have a apple. ${kilobyte.slice(0, 300)}` }) }),
    (answer) => ids.push((JSON.parse(answer) as { data: { id: string } }).data.id),
  ) // prettier-ignore
  if (accepted.errors > 0) throw new Error(`${accepted.errors} creates failed`)
  for (const id of ids) {
    await waitForValue(
      'a settled graph of four nodes',
      async () =>
        (await (await fetch(`${stack.url}/api/v1/studio/blobs/${id}/dag`, { headers })).json()) as {
          data: { settled: boolean; nodes: unknown[] }
        },
      (answer) => answer.data.settled && answer.data.nodes.length === 4,
      { timeoutMs: 180_000 },
    )
  }
  const seconds = (performance.now() - began) / 1000
  return [
    { name: 'accepted/s with the default providers', value: accepted.rate, unit: '/s', better: 'higher' },
    {
      name: 'derived blobs settled/s (1,000 texts × 3)',
      value: (3 * ids.length) / seconds,
      unit: '/s',
      better: 'higher',
    },
    { name: '1,000 texts × 3: all settled after', value: seconds, unit: 's', better: 'lower' },
  ]
}

async function startBare(databaseUrl: string): Promise<{ url: string; stop(): Promise<void> }> {
  const port = await freePort()
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('../bare-server.ts', import.meta.url)), databaseUrl, String(port)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(child.stdout, 'data')
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
