import { contentOf, readLargeContent, type Client } from '@studio/clients'
import {
  StagedContent,
  type Blob,
  type blobApi,
  type Commit,
  type CommitOutcome,
  type Version,
} from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { cut } from './domain/cut.ts'
import { eachAlone } from './domain/each-alone.ts'
import type { Blobs, ContentReference, PlannedCommit, Settled } from './domain/ports.ts'
import { asOfVersion } from './domain/recorded-outcome.ts'

/** Content over this size goes by itself, as raw bytes: as base64 inside of JSON it would hold the event loop on both sides. */
const largeBytes = 256 * 1024
/** Content that one request or answer carries at most, roughly; base64 makes a third more of it. */
const contentBytes = 4 * 2 ** 20

/** Blobs and versions that one answer carries: each may have 16 KiB of metadata. */
const pageLength = 100

/** Shorter than the age at which the sweeper settles a pending delta, so that it refuses none whose commit is still waited for. */
const commitTimeoutMs = 10_000

/** blob, over its internal API. Requests that would carry too many bytes are cut in several; large contents go apart. */
export function createBlobs(client: Client<typeof blobApi>): Blobs {
  const stage = async (tenantId: string, bytes: Uint8Array): Promise<string> => {
    const staged = await client.putBytes('/internal/contents', bytes, { headers: { 'studio-tenant': tenantId } })
    return StagedContent.parse(staged).hash
  }

  /** Commits as one request carries them: what is large, and what goes over the bytes of one request, is staged before. */
  const commitsOf = async (commits: readonly PlannedCommit[]): Promise<Commit[]> => {
    const made: Commit[] = []
    let left = contentBytes
    // One after another: staged contents are not to be in flight all at once.
    for (const commit of commits) {
      const { tenant_id, content } = commit
      if (content === null || 'hash' in content) made.push({ ...commit, content })
      else if (content.bytes.length > Math.min(largeBytes, left))
        made.push({ ...commit, content: { hash: await stage(tenant_id, content.bytes) } })
      else {
        const { buffer, byteOffset, length } = content.bytes
        left -= length
        made.push({ ...commit, content: { base64: Buffer.from(buffer, byteOffset, length).toString('base64') } })
      }
    }
    return made
  }

  /** A repeated commit that others have followed blob answers with its head of now: told of is the blob as of the version that the commit made. */
  const asCommitted = async (
    commits: readonly PlannedCommit[],
    outcomes: readonly CommitOutcome[],
  ): Promise<CommitOutcome[]> =>
    await Promise.all(
      outcomes.map(async (outcome, at) => {
        const commit = commits[at]
        if (!commit || outcome.status !== 'committed' || outcome.blob.version === outcome.version) return outcome
        const { tenant_id, blob_id } = commit
        const { version } = outcome
        const [then] = (await client.call('readVersions', { items: [{ tenant_id, blob_id, version }] })).items
        if (!then) throw new StudioError('version_not_found', `Version ${version} of the blob is not there.`)
        return { ...outcome, blob: asOfVersion(outcome.blob, then) }
      }),
    )

  const commitPart = async (commits: readonly PlannedCommit[]): Promise<CommitOutcome[]> => {
    const items = await commitsOf(commits)
    return await asCommitted(commits, (await client.call('commit', { items }, { timeoutMs: commitTimeoutMs })).items)
  }

  const smallContents = async (references: readonly ContentReference[]): Promise<(Buffer | null)[]> => {
    const { items } = await client.call('readContents', {
      items: references.map(({ tenant_id, hash }) => ({ tenant_id, hash })),
    })
    return Promise.all(references.map((reference, at) => contentOf(client, reference, items[at])))
  }

  return {
    commit: async (commits) => {
      const settled: Settled<CommitOutcome>[] = []
      for (const part of cut(commits, commitBytes, contentBytes)) settled.push(...(await eachAlone(part, commitPart)))
      return settled
    },
    commitAtomically: async (commits) => {
      const items = await commitsOf(commits)
      const outcome = await client.call('commitAtomically', { items }, { timeoutMs: commitTimeoutMs })
      return outcome.status === 'committed' ? { ...outcome, items: await asCommitted(commits, outcome.items) } : outcome
    },
    versionsBetween: async (reference, from, to) => {
      const newestFirst: Version[] = []
      for (let next: number | null = to + 1; next !== null && next > from;) {
        const limit = Math.min(next - from, pageLength)
        const page: { versions: Version[]; next: number | null } = await client.call('listVersions', {
          ...reference,
          before: next,
          limit,
        })
        newestFirst.push(...page.versions)
        next = page.next
      }
      return newestFirst.reverse()
    },
    heads: async (references) => {
      const heads: (Blob | null)[] = []
      for (let at = 0; at < references.length; at += pageLength)
        heads.push(...(await client.call('readBlobs', { items: references.slice(at, at + pageLength) })).items)
      return heads
    },
    overlays: async (references) => (await client.call('readOverlays', { items: [...references] })).items,
    moveOverlay: (move) => client.one('moveOverlays', move),
    stage,
    versions: async (references) => (await client.call('readVersions', { items: [...references] })).items,
    contents: async (references) => {
      const contents: (Buffer | null)[] = []
      const weigh = (reference: ContentReference): number => (isLarge(reference) ? Infinity : (reference.size ?? 0))
      for (const part of cut(references, weigh, contentBytes)) {
        const [first] = part
        contents.push(
          ...(first && isLarge(first) ? [await readLargeContent(client, first)] : await smallContents(part)),
        )
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

/** What nobody knows the size of is taken for large. */
function isLarge({ size }: ContentReference): boolean {
  return size === null || size > largeBytes
}

function commitBytes({ content }: PlannedCommit): number {
  return content && 'bytes' in content && content.bytes.length <= largeBytes ? content.bytes.length : 0
}
