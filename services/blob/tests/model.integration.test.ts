import type { Commit, CommitOutcome } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import fc from 'fast-check'
import { aCommit, bytesOf, hashOf, openFixture, type Fixture } from './fixture.ts'

let studio: Fixture
beforeAll(async () => {
  studio = await openFixture()
})
afterAll(() => studio.close())

interface Head {
  tenant: string
  version: number
  fence: number
  deleted: boolean
  hash: string
}

/** What the rules say of commits that come one after another. */
class Model {
  readonly heads = new Map<string, Head>()
  readonly fates = new Map<string, { tenant: string; blob: string; version: number }>()
  readonly contents = new Set<string>()

  /** The outcome of a commit that came now, with these contents there. */
  judge(
    commit: Commit,
    contents: ReadonlySet<string> = this.contents,
  ): { status: CommitOutcome['status']; version?: number } {
    const fate = this.fates.get(commit.delta_id)
    const same = fate?.tenant === commit.tenant_id && fate.blob === commit.blob_id
    if (fate) return same ? { status: 'committed', version: fate.version } : { status: 'refused' }
    const head = this.heads.get(commit.blob_id)
    const { from_version: from, operation, fence } = commit
    if (from > 0 && head?.tenant !== commit.tenant_id) return { status: 'missing' }
    if (head && from === 0) return { status: 'conflict' }
    if (head?.deleted && operation !== 'transform' && operation !== 'revert') return { status: 'deleted' }
    if (head && head.version !== from) return { status: 'conflict' }
    if (head && fence < head.fence && (fence > 0 || operation === 'transform')) return { status: 'conflict' }
    const hash = hashIn(commit) ?? head?.hash
    const brought = commit.content !== null && 'base64' in commit.content
    if (hash === undefined || !(brought || contents.has(commit.tenant_id + hash))) return { status: 'content_missing' }
    return { status: 'committed', version: from + 1 }
  }

  apply(commit: Commit): void {
    if (this.fates.has(commit.delta_id)) return
    const head = this.heads.get(commit.blob_id)
    const hash = hashIn(commit) ?? head?.hash ?? ''
    const version = commit.from_version + 1
    const fence = Math.max(commit.fence, head?.fence ?? 0)
    this.contents.add(commit.tenant_id + hash)
    this.heads.set(commit.blob_id, {
      tenant: commit.tenant_id,
      version,
      fence,
      deleted: commit.operation === 'delete',
      hash,
    })
    this.fates.set(commit.delta_id, { tenant: commit.tenant_id, blob: commit.blob_id, version })
  }

  /**
   * Follows a batch, whose items are concurrent: what was committed must be an order that the rules allow, and whatever was not must have been
   * against the rules at some point of that order.
   */
  follow(commits: readonly Commit[], outcomes: readonly CommitOutcome[]): void {
    const before = new Set(this.contents)
    const open = commits.map((commit, index) => ({ commit, outcome: outcomes[index], explained: false }))
    const committed = open.filter(({ outcome }) => outcome?.status === 'committed')
    const refused = open.filter(({ outcome }) => outcome?.status !== 'committed')
    const explain = (): void => {
      for (const item of refused) {
        const possible = [this.judge(item.commit), this.judge(item.commit, before)]
        item.explained ||= possible.some(({ status }) => status === item.outcome?.status)
      }
    }
    explain()
    while (committed.length > 0) {
      const next = committed.findIndex(({ commit, outcome }) => {
        const expected = this.judge(commit)
        return (
          outcome?.status === 'committed' && expected.status === 'committed' && expected.version === outcome.version
        )
      })
      const [item] = next < 0 ? [] : committed.splice(next, 1)
      if (!item) throw new Error(`the rules allow none of ${JSON.stringify(committed)}`)
      this.apply(item.commit)
      explain()
    }
    expect(refused.filter(({ explained }) => !explained)).toEqual([])
  }
}

function hashIn({ content }: Commit): string | undefined {
  if (content === null) return undefined
  return 'hash' in content ? content.hash : sha256(Buffer.from(content.base64, 'base64'))
}

const texts = ['', 'a', 'bb', 'c'.repeat(3000)]
const step = fc.record({
  tenant: fc.nat(1),
  blob: fc.nat(2),
  delta: fc.nat(60),
  from: fc.nat(3),
  operation: fc.constantFrom('update', 'update', 'transform', 'delete', 'revert'),
  fence: fc.nat(2),
  text: fc.constantFrom(...texts),
  content: fc.constantFrom('bytes', 'bytes', 'hash', 'none'),
})

it('does with any batches what the rules say', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 }),
      async (batches) => {
        const model = new Model()
        const names = new Map<string, string>()
        const idOf = (name: string): string => names.get(name) ?? (names.set(name, newId()), idOf(name))
        for (const batch of batches) {
          const commits = batch.map((given) =>
            aCommit({
              delta_id: idOf(`delta ${given.delta}`),
              tenant_id: idOf(`tenant ${given.tenant}`),
              blob_id: idOf(`blob ${given.blob}`),
              operation: given.from === 0 ? 'create' : (given.operation as Commit['operation']),
              from_version: given.from,
              fence: given.operation === 'transform' ? given.fence : 0,
              content:
                given.content === 'none' ? null : given.content === 'hash' ? hashOf(given.text) : bytesOf(given.text),
            }),
          )
          model.follow(commits, await studio.commit(...commits))
        }
        for (const [blob_id, head] of model.heads) {
          const [blob] = await studio.store.readBlobs([{ tenant_id: head.tenant, blob_id }])
          expect(blob).toMatchObject({ version: head.version, content_hash: head.hash })
          expect(blob?.deleted_at !== null).toBe(head.deleted)
          const { versions } = await studio.store.listVersions({ tenant_id: head.tenant, blob_id, limit: 100 })
          expect(versions.map(({ version }) => version)).toEqual(
            Array.from({ length: head.version }, (_, index) => head.version - index),
          )
          const contents = await studio.store.readContents(
            versions.map(({ content_hash }) => ({ tenant_id: head.tenant, hash: content_hash })),
          )
          versions.forEach((version, index) => expect(sha256(contents[index] ?? 'missing')).toBe(version.content_hash))
        }
      },
    ),
    { numRuns: 60 },
  )
})
