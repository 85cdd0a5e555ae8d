import type { Client } from '@studio/clients'
import type { blobApi, Commit } from '@studio/contracts'
import { sha256 } from '@studio/kernel'
import { createBlobs } from './blobs.ts'
import type { PlannedCommit } from './domain/ports.ts'

/** blob as far as commits go: what is staged there, and the bytes of content in each request. */
function recorded() {
  const staged: string[] = []
  const sent: number[] = []
  const client = {
    putBytes: async (_path: string, bytes: Uint8Array) => {
      staged.push(sha256(bytes))
      return { hash: sha256(bytes), size: bytes.length }
    },
    call: async (_route: string, { items }: { items: Commit[] }) => {
      const inside = items.map(({ content }) => (content && 'base64' in content ? content.base64.length : 0))
      sent.push(inside.reduce((sum, length) => sum + length, 0))
      return { items: items.map(() => ({ status: 'missing' })) }
    },
  } as unknown as Client<typeof blobApi>
  return { blobs: createBlobs(client), staged, sent }
}

const commitOf = (bytes: Uint8Array) => ({ tenant_id: 'tenant', content: { bytes } }) as unknown as PlannedCommit

describe('commits', () => {
  const commits = Array.from({ length: 100 }, (_, fill) => commitOf(Buffer.alloc(200_000, fill)))
  const longest = 6 * 2 ** 20

  it('of an atomic list go in one request that holds no event loop, whatever its contents are together', async () => {
    const { blobs, staged, sent } = recorded()
    await blobs.commitAtomically(commits)
    expect(sent).toHaveLength(1)
    expect(sent[0]).toBeGreaterThan(0)
    expect(sent[0]).toBeLessThan(longest)
    expect(new Set(staged).size).toBe(commits.length - Math.round((sent[0] ?? 0) / 266_668))
  })

  it('each on its own go in several', async () => {
    const { blobs, staged, sent } = recorded()
    expect(await blobs.commit(commits)).toHaveLength(commits.length)
    expect(Math.max(...sent)).toBeLessThan(longest)
    expect(staged).toEqual([])
  })
})

test('what a repeated commit made is told as it was, where others have followed it', async () => {
  const head = { id: 'blob', version: 4, content_hash: 'newest', size: 9, deleted_at: null }
  const then = { version: 2, version_id: 'second', operation: 'update', content_hash: 'its own', size: 3 }
  const committed = { status: 'committed', version: 2, version_id: 'second', blob: head }
  const client = {
    call: async (route: string) => {
      if (route === 'readVersions') return { items: [then] }
      return route === 'commit' ? { items: [committed] } : { status: 'committed', items: [committed] }
    },
  } as unknown as Client<typeof blobApi>
  const blobs = createBlobs(client)
  const commit = { tenant_id: 'tenant', blob_id: 'blob', content: null } as unknown as PlannedCommit
  expect(await blobs.commit([commit])).toMatchObject([
    { value: { blob: { version: 2, content_hash: 'its own', size: 3 } } },
  ])
  expect(await blobs.commitAtomically([commit])).toMatchObject({
    items: [{ blob: { version: 2, content_hash: 'its own' } }],
  })
})
