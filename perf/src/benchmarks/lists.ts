import { newClient, type Client } from '../client.ts'
import type { Figure } from '../figure.ts'
import { median } from '../load.ts'
import type { Stack } from '../stack.ts'

const length = 100
const rounds = 20

/** Lists of 100 operations over REST, all or nothing and each alone: from the request to the answer. */
export async function lists(stack: Stack): Promise<Figure[]> {
  const client = newClient(stack)
  try {
    const blobs = await Promise.all(Array.from({ length }, () => create(client)))
    const [one = ''] = blobs
    const kinds: Record<string, (at: number) => object> = {
      creates: (at) => ({ op: 'create', text: `text ${at}`, providers: 'none' }),
      'patches of 100 blobs': (at) => patch(blobs[at] ?? one, at),
      'patches of one blob': (at) => patch(one, at),
    }
    const figures: Figure[] = []
    for (const path of ['/batches', '/bulk'])
      for (const [kind, operation] of Object.entries(kinds)) {
        const operations = Array.from({ length }, (_, at) => operation(at))
        const taken: number[] = []
        for (let round = 0; round < rounds; round += 1) {
          const start = performance.now()
          await client.send('POST', path, { operations })
          taken.push(performance.now() - start)
        }
        figures.push({
          name: `${path} of 100 ${kind}, p50`,
          value: median(taken),
          unit: 'ms',
          aim: '< 150',
          better: 'lower',
        })
      }
    return figures
  } finally {
    await client.close()
  }
}

async function create(client: Client): Promise<string> {
  const envelope = { text: '{"list":[]}', content_type: 'application/json', providers: 'none' }
  return (await client.send<{ id: string }>('POST', '/blobs', envelope)).id
}

function patch(blob_id: string, at: number): object {
  return { op: 'update', blob_id, patch: { op: 'add', path: `/member-${at}`, value: at } }
}
