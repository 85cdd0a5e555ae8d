import type { Commit, CommitOutcome } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import fc from 'fast-check'
import { aCommit, bytesOf, hashOf } from './fixture.ts'

interface Head {
  tenant: string
  version: number
  fence: number
  deleted: boolean
  hash: string
}

/** What the rules say of commits that come one after another. */
export class Model {
  readonly heads: Map<string, Head>
  readonly fates: Map<string, { tenant: string; blob: string; version: number }>
  readonly contents: Set<string>

  constructor(from?: Model) {
    this.heads = new Map(from?.heads)
    this.fates = new Map(from?.fates)
    this.contents = new Set(from?.contents)
  }

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
    if (head && commit.from_hash !== null && commit.from_hash !== head.hash) return { status: 'conflict' }
    if (head && fence < head.fence && (fence > 0 || operation === 'transform')) return { status: 'conflict' }
    const hash = hashIn(commit) ?? head?.hash
    if (hash === undefined || !(isBrought(commit) || contents.has(commit.tenant_id + hash)))
      return { status: 'content_missing' }
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

  /** The state after an atomic list, whose items come one after another, and what must be answered: all committed with these versions, or the first that cannot go in. */
  followAll(commits: readonly Commit[]): { model: Model; expected: unknown } {
    const next = new Model(this)
    const items: unknown[] = []
    for (const [position, commit] of commits.entries()) {
      const outcome = next.judge(commit)
      if (outcome.status !== 'committed') return { model: this, expected: { status: 'refused', position, outcome } }
      items.push(outcome)
      next.apply(commit)
    }
    return { model: next, expected: { status: 'committed', items } }
  }

  /**
   * The state after a batch, whose items are concurrent: what was committed must have an order that the rules allow, and whatever was not
   * must be against the rules somewhere in such an order. So all of them are gone through.
   */
  follow(commits: readonly Commit[], outcomes: readonly CommitOutcome[]): Model {
    const before = this.contents
    const items = commits.map((commit, index) => ({ commit, outcome: outcomes[index], explained: false }))
    const committed = items.filter(({ outcome }) => outcome?.status === 'committed')
    const others = items.filter(({ outcome }) => outcome?.status !== 'committed')
    const seen = new Set<string>()
    let end: Model | undefined

    const visit = (state: Model, open: readonly (typeof items)[number][]): void => {
      const name = open.map((item) => items.indexOf(item)).join()
      if (seen.has(name)) return
      seen.add(name)
      for (const item of others) {
        const possible = [state.judge(item.commit), state.judge(item.commit, before)]
        item.explained ||= possible.some(({ status }) => status === item.outcome?.status)
      }
      if (open.length === 0) end = state
      for (const item of open) {
        const { status, version } = state.judge(item.commit)
        if (status !== 'committed' || item.outcome?.status !== 'committed' || version !== item.outcome.version) continue
        const next = new Model(state)
        next.apply(item.commit)
        visit(
          next,
          open.filter((other) => other !== item),
        )
      }
    }
    visit(this, committed)
    expect(others.filter(({ explained }) => !explained)).toEqual([])
    if (!end) throw new Error(`the rules allow no order of ${JSON.stringify(committed)}`)
    return end
  }
}

function hashIn({ content }: Commit): string | undefined {
  if (content === null) return undefined
  return 'hash' in content ? content.hash : sha256(Buffer.from(content.base64, 'base64'))
}

const isBrought = ({ content }: Commit): boolean => content !== null && 'base64' in content

const texts = ['', 'a', 'bb', 'c'.repeat(3000)]
const place = { tenant: fc.nat(1), blob: fc.nat(2), from: fc.nat(3) }
const text = fc.constantFrom(...texts)
/** The text on which a commit was planned; null does not ask for one. */
const on = fc.option(text, { freq: 1 })
const operation = fc.constantFrom<Commit['operation']>('update', 'update', 'transform', 'delete', 'revert')
const source = fc.constantFrom<'bytes' | 'hash' | 'none'>('bytes', 'bytes', 'hash', 'none')

/** A commit over few tenants, blobs, deltas and texts, so that they meet. */
export const step = fc.record({ ...place, delta: fc.nat(60), operation, fence: fc.nat(2), text, content: source, on })
export type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** Updates of one blob, each planned on what the one before it makes. */
const chain = fc
  .record({ ...place, on, links: fc.array(fc.record({ delta: fc.nat(60), text, content: source }), { maxLength: 5 }) })
  .map(({ links, on: first, from, ...rest }) =>
    links.map((link, at): Step => ({
      ...rest,
      ...link,
      operation: 'update',
      fence: 0,
      from: from + at,
      on: at === 0 ? first : (links[at - 1]?.text ?? null),
    })),
  )

/** Steps, some of them in chains. */
export const steps = fc
  .array(
    fc.oneof(
      step.map((one) => [one]),
      chain,
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => parts.flat().slice(0, 14))

/** Makes commits of steps; the same names stand for the same ids. */
export function commitMaker(): (given: Step) => Commit {
  const names = new Map<string, string>()
  const idOf = (name: string): string => names.get(name) ?? (names.set(name, newId()), idOf(name))
  return (given) =>
    aCommit({
      delta_id: idOf(`delta ${given.delta}`),
      tenant_id: idOf(`tenant ${given.tenant}`),
      blob_id: idOf(`blob ${given.blob}`),
      operation: given.from === 0 ? 'create' : given.operation,
      from_version: given.from,
      from_hash: given.from === 0 || given.on === null ? null : sha256(given.on),
      fence: given.operation === 'transform' ? given.fence : 0,
      content: given.content === 'none' ? null : given.content === 'hash' ? hashOf(given.text) : bytesOf(given.text),
    })
}
