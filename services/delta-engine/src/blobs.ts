import type { Client } from '@studio/clients'
import type { blobApi, Commit, CommitOutcome } from '@studio/contracts'
import { eachAlone } from './domain/each-alone.ts'
import type { Blobs, Settled } from './domain/ports.ts'

/** Content that one request or answer carries at most, roughly; base64 makes a third more of it. */
const contentBytes = 24 * 2 ** 20

/** Shorter than the age at which the sweeper settles a pending delta, so that it refuses none whose commit is still waited for. */
const commitTimeoutMs = 10_000

/** blob, over its internal API. Requests that would carry too many bytes are cut in several. */
export function createBlobs(client: Client<typeof blobApi>): Blobs {
  const commitPart = async (items: readonly Commit[]): Promise<CommitOutcome[]> =>
    (await client.call('commit', { items: [...items] }, { timeoutMs: commitTimeoutMs })).items

  return {
    commit: async (commits) => {
      const settled: Settled<CommitOutcome>[] = []
      for (const part of cut(commits, commitBytes)) settled.push(...(await eachAlone(part, commitPart)))
      return settled
    },
    heads: async (references) => (await client.call('readBlobs', { items: [...references] })).items,
    versions: async (references) => (await client.call('readVersions', { items: [...references] })).items,
    contents: async (references) => {
      const contents: (Buffer | null)[] = []
      for (const part of cut(references, ({ size }) => size ?? contentBytes)) {
        const { items } = await client.call('readContents', {
          items: part.map(({ tenant_id, hash }) => ({ tenant_id, hash })),
        })
        for (const item of items) contents.push(item && Buffer.from(item.base64, 'base64'))
      }
      return contents
    },
    settle: async (deltaIds, refuse) => (await client.call('settleDeltas', { delta_ids: [...deltaIds], refuse })).items,
    transforms: async ({ since, until }, after, limit) => {
      const window = { since: since.toISOString(), until: until.toISOString() }
      return (await client.call('listTransforms', { ...window, ...(after !== undefined && { after }), limit })).items
    },
  }
}

function commitBytes({ content }: Commit): number {
  return content && 'base64' in content ? (content.base64.length * 3) / 4 : 0
}

/** Cuts a list in parts that weigh at most `contentBytes` each, or have one item. */
function cut<Item>(items: readonly Item[], weigh: (item: Item) => number): Item[][] {
  const parts: Item[][] = []
  let weight = Infinity
  for (const item of items) {
    weight += weigh(item)
    const part = parts.at(-1)
    if (part === undefined || weight > contentBytes) {
      parts.push([item])
      weight = weigh(item)
    } else part.push(item)
  }
  return parts
}
