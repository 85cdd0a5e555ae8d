import { randomUUID } from 'node:crypto'
import { newClient, type Client } from '../client.ts'
import type { Figure } from '../figure.ts'
import { quantile } from '../load.ts'
import type { Stack } from '../stack.ts'
import { until } from '../until.ts'

const warmUp = 5
const edits = 50

/** From an accepted update (its answer is here) until the last derived version can be read. */
export async function cascadeLatency(stack: Stack): Promise<Figure[]> {
  const client = newClient(stack)
  try {
    const single = await build(client, 1, 1)
    const wide = await build(client, 10, 5)
    const one = await measure(client, single, edits)
    const fifty = await measure(client, wide, 15)
    return [
      { name: 'update → 1 derived node, p50', value: quantile(one, 0.5), unit: 'ms', aim: '< 50', better: 'lower' },
      { name: 'update → 1 derived node, p90', value: quantile(one, 0.9), unit: 'ms', better: 'lower' },
      {
        name: 'update → 10 levels × 5 nodes, p50',
        value: quantile(fifty, 0.5),
        unit: 'ms',
        aim: '< 1,000 (floor 30,000)',
        better: 'lower',
      },
      { name: 'update → 10 levels × 5 nodes, p90', value: quantile(fifty, 0.9), unit: 'ms', better: 'lower' },
    ]
  } finally {
    await client.close()
  }
}

interface Tree {
  rootId: string
  /** The last level: its versions tell that all above has been done. */
  leafIds: string[]
  version: number
}

/** A text with columns of `stamp` derivations below it, each node with content of its own. */
async function build(client: Client, levels: number, columns: number): Promise<Tree> {
  const root = await client.send<{ id: string }>('POST', '/blobs', { text: `root ${randomUUID()}`, providers: 'none' })
  const leafIds = await Promise.all(
    Array.from({ length: columns }, async (_, column) => {
      let input = root.id
      for (let level = 1; level <= levels; level++) {
        const job = await client.send<{ job_id: string; blob_id: string }>('POST', '/providers/stamp/process', {
          blob_id: input,
          configuration: { mark: `${column}/${level}` },
          label: `${column}`,
        })
        await until(
          async () => (await client.send<{ status: string }>('GET', `/jobs/${job.job_id}`)).status === 'succeeded',
        )
        input = job.blob_id
      }
      return input
    }),
  )
  return { rootId: root.id, leafIds, version: 1 }
}

async function measure(client: Client, tree: Tree, times: number): Promise<number[]> {
  const taken: number[] = []
  for (let time = 0; time < warmUp + times; time++) {
    await client.send('PATCH', `/blobs/${tree.rootId}`, { text: `edit ${time} ${randomUUID()}` })
    const accepted = performance.now()
    tree.version += 1
    for (const id of tree.leafIds)
      await until(async () => (await client.send<{ version: number }>('GET', `/blobs/${id}`)).version >= tree.version)
    if (time >= warmUp) taken.push(performance.now() - accepted)
    // The cascade's own end is over before the next edit: each is measured from rest.
    await until(async () => (await client.send<{ settled: boolean }>('GET', `/blobs/${tree.rootId}/dag`)).settled)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return taken
}
