import type { Commit } from '@studio/contracts'
import { postgresCode, type Database, type Queryable } from '@studio/database'
import { failpoint, newId } from '@studio/kernel'
import type { Chains, CommitBatch, Judgement } from '../domain/ports.ts'
import { chainsOf } from './chains.ts'
import { encodeContent, type EncodedContent } from './content-encoding.ts'
import { toBlob } from './sql/columns.ts'
import { commitText, type CommitRow, type JudgedRow } from './sql/commit.ts'

/** SQLSTATEs of a lost race: unique and foreign key, serialisation, deadlock. Nothing was written; another run judges anew. */
const lostRace = new Set(['23505', '23503', '40001', '40P01'])

/** Encodes the contents of the commits once; then any of them can be written in one statement, or in one transaction of several. */
export async function openCommitBatch(database: Database, commits: readonly Commit[]): Promise<CommitBatch> {
  const entries = await Promise.all(
    commits.map(async (commit) => {
      const content = await contentOf(commit)
      return { commit, content, content_hash: content?.hash ?? namedHash(commit), version_id: newId() }
    }),
  )

  return {
    chains: chainsOf(entries),
    run: async (chains) => {
      failpoint('blob.commit.before')
      const all = ranked(chains)
      const judgements = await unlessRaceLost(() => judgeGrounded(database, all))
      failpoint('blob.commit.after')
      return judgements ?? new Map(chains.flat().map((place) => [place, { verdict: 'again' }]))
    },
    runTogether: async (work, keep) => {
      failpoint('blob.commit.before')
      const result = await unlessRaceLost(() =>
        transact(database, (transaction) => work((chains) => judge(transaction, ranked(chains))), keep),
      )
      failpoint('blob.commit.after')
      return result
    },
  }

  function ranked(chains: Chains): Ranked[] {
    return chains.flatMap((places, chain) =>
      places.map((place, rank) => {
        const entry = entries[place]
        if (entry === undefined) throw new TypeError('no such place in the batch')
        return { entry, place, chain, rank }
      }),
    )
  }
}

interface Entry {
  readonly commit: Commit
  readonly content: EncodedContent | null
  readonly content_hash: string | null
  readonly version_id: string
}

/** An entry, its place in the batch, and its rank in its chain. */
interface Ranked {
  readonly entry: Entry
  readonly place: number
  readonly chain: number
  readonly rank: number
}

async function judge(database: Queryable, ranked: readonly Ranked[]): Promise<Map<number, Judgement>> {
  let length = 0
  const bytes: Buffer[] = []
  const rows = ranked.map((one): CommitRow => {
    const row = rowOf(one, length)
    const { content } = one.entry
    if (content) {
      bytes.push(content.stored)
      length += content.stored.length
    }
    return row
  })
  const judged = await database.query<JudgedRow>('commit', commitText, [
    JSON.stringify(rows),
    Buffer.concat(bytes, length),
  ])
  return new Map(judged.map((row) => [row.position, judgementOf(row)]))
}

/**
 * What rests on a blob that somebody else created in this very moment would be written without it. Nothing is then: null. Only where commits rest on
 * others this takes a transaction.
 */
async function judgeGrounded(database: Database, ranked: readonly Ranked[]): Promise<Map<number, Judgement> | null> {
  if (ranked.every(({ entry }) => entry.commit.rests_on.length === 0)) return await judge(database, ranked)
  const places = new Map(ranked.map(({ entry, place }) => [entry.commit.delta_id, place]))
  const isGrounded = (judgements: Map<number, Judgement>): boolean =>
    ranked.every(
      ({ entry, place }) =>
        judgements.get(place)?.verdict !== 'written' ||
        entry.commit.rests_on.every(({ delta_id }) => {
          const basis = places.get(delta_id)
          return basis === undefined || judgements.get(basis)?.verdict !== 'again'
        }),
    )
  const judgements = await transact(database, (transaction) => judge(transaction, ranked), isGrounded)
  return isGrounded(judgements) ? judgements : null
}

/** What `work` answers; null where it ended by a race that was lost. */
async function unlessRaceLost<Result>(work: () => Promise<Result | null>): Promise<Result | null> {
  try {
    return await work()
  } catch (error) {
    if (!lostRace.has(postgresCode(error) ?? '')) throw error
    return null
  }
}

/** A transaction that is kept or rolled back as `keep` says of its result. */
async function transact<Result>(
  database: Database,
  work: (transaction: Queryable) => Promise<Result>,
  keep: (result: Result) => boolean,
): Promise<Result> {
  let undone: { result: Result } | undefined
  try {
    return await database.transaction(async (transaction) => {
      const result = await work(transaction)
      if (!keep(result)) {
        undone = { result }
        throw new Error('rolled back')
      }
      failpoint('blob.commit.written')
      return result
    })
  } catch (error) {
    if (undone) return undone.result
    throw error
  }
}

function judgementOf(row: JudgedRow): Judgement {
  if (row.verdict === 'conflict' || row.verdict === 'overlaid' || row.verdict === 'deleted')
    return { verdict: row.verdict, head_version: row.head_version }
  if (row.verdict !== 'committed') return { verdict: row.verdict }
  if (row.fate_version === null) return { verdict: 'written', blob: toBlob(row) }
  return { verdict: 'committed', version: row.fate_version, version_id: row.fate_version_id }
}

async function contentOf({ content }: Commit): Promise<EncodedContent | null> {
  return content && 'base64' in content ? encodeContent(Buffer.from(content.base64, 'base64')) : null
}

function namedHash({ content }: Commit): string | null {
  return content && 'hash' in content ? content.hash : null
}

function rowOf({ entry, place, chain, rank }: Ranked, offset: number): CommitRow {
  const { commit, content, content_hash, version_id } = entry
  const { base, edited, generated, conflicted } = commit.overlay?.next ?? {}
  return {
    position: place,
    chain,
    rank,
    version_id,
    delta_id: commit.delta_id,
    tenant_id: commit.tenant_id,
    user_id: commit.user_id,
    blob_id: commit.blob_id,
    operation: commit.operation,
    from_version: commit.from_version,
    from_hash: commit.from_hash ?? undefined,
    rests_on: commit.rests_on.length > 0 ? commit.rests_on : undefined,
    content_hash: content_hash ?? undefined,
    content_size: content?.size,
    content_offset: content ? offset : undefined,
    stored_size: content?.stored.length,
    encoding: content?.encoding,
    content_type: commit.content_type ?? undefined,
    overlaid: commit.overlay !== undefined,
    from_generated: commit.overlay?.from_generated ?? undefined,
    base_hash: base?.content_hash,
    base_type: base?.content_type,
    edited_hash: edited?.content_hash,
    edited_type: edited?.content_type,
    generated_hash: generated?.content_hash,
    generated_type: generated?.content_type,
    conflicted,
    metadata: commit.metadata ? JSON.stringify(commit.metadata) : undefined,
    created_by: commit.created_by,
    caused_by: commit.caused_by ?? undefined,
    parent_id: commit.parent_id ?? undefined,
    root_id: commit.root_id,
    depth: commit.depth,
    providers: commit.providers ? JSON.stringify(commit.providers) : undefined,
    conflict_policy: commit.conflict_policy ?? undefined,
    publication: commit.publication ?? undefined,
    gated_since: commit.gated_since ?? undefined,
    fence: commit.fence,
    traceparent: commit.traceparent ?? undefined,
  }
}
