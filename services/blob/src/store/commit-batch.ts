import type { Commit } from '@studio/contracts'
import { postgresCode, type Queryable } from '@studio/database'
import { failpoint, newId } from '@studio/kernel'
import type { CommitBatch, Judgement } from '../domain/ports.ts'
import { encodeContent, type EncodedContent } from './content-encoding.ts'
import { toBlob } from './sql/columns.ts'
import { commitText, type CommitRow, type JudgedRow } from './sql/commit.ts'

/** SQLSTATEs of a lost race: unique and foreign key, serialisation, deadlock. Nothing was written; another run judges anew. */
const lostRace = new Set(['23505', '23503', '40001', '40P01'])

/** Encodes the contents of the commits once; `run` then writes any of them in one statement. */
export async function openCommitBatch(database: Queryable, commits: readonly Commit[]): Promise<CommitBatch> {
  const entries = await Promise.all(
    commits.map(async (commit) => ({ commit, content: await contentOf(commit), version_id: newId() })),
  )

  return {
    run: async (places) => {
      let length = 0
      const bytes: Buffer[] = []
      const rows = places.map((place, position): CommitRow => {
        const entry = entries[place]
        if (entry === undefined) throw new TypeError('no such place in the batch')
        const row = rowOf(entry, position, length)
        if (entry.content) {
          bytes.push(entry.content.stored)
          length += entry.content.stored.length
        }
        return row
      })
      return judge(database, rows, Buffer.concat(bytes, length))
    },
  }
}

async function judge(database: Queryable, rows: readonly CommitRow[], bytes: Buffer): Promise<Judgement[]> {
  failpoint('blob.commit.before')
  let judged: JudgedRow[]
  try {
    judged = await database.query<JudgedRow>('commit', commitText, [JSON.stringify(rows), bytes])
  } catch (error) {
    if (!lostRace.has(postgresCode(error) ?? '')) throw error
    return rows.map(() => ({ verdict: 'again' }))
  }
  failpoint('blob.commit.after')
  const judgements: Judgement[] = []
  for (const row of judged) judgements[row.position] = judgementOf(row)
  return judgements
}

function judgementOf(row: JudgedRow): Judgement {
  if (row.verdict === 'conflict' || row.verdict === 'deleted')
    return { verdict: row.verdict, head_version: row.head_version }
  if (row.verdict !== 'committed') return { verdict: row.verdict }
  if (row.fate_version === null) return { verdict: 'written', blob: toBlob(row) }
  return { verdict: 'committed', version: row.fate_version, version_id: row.fate_version_id }
}

async function contentOf({ content }: Commit): Promise<EncodedContent | null> {
  return content && 'base64' in content ? encodeContent(Buffer.from(content.base64, 'base64')) : null
}

function rowOf(
  { commit, content, version_id }: { commit: Commit; content: EncodedContent | null; version_id: string },
  position: number,
  offset: number,
): CommitRow {
  return {
    position,
    version_id,
    delta_id: commit.delta_id,
    tenant_id: commit.tenant_id,
    user_id: commit.user_id,
    blob_id: commit.blob_id,
    operation: commit.operation,
    from_version: commit.from_version,
    content_hash: content?.hash ?? (commit.content && 'hash' in commit.content ? commit.content.hash : null),
    content_size: content?.size ?? null,
    content_offset: content ? offset : null,
    stored_size: content?.stored.length ?? null,
    encoding: content?.encoding ?? null,
    content_type: commit.content_type,
    metadata: commit.metadata && JSON.stringify(commit.metadata),
    created_by: commit.created_by,
    caused_by: commit.caused_by,
    parent_id: commit.parent_id,
    root_id: commit.root_id,
    depth: commit.depth,
    providers: commit.providers && JSON.stringify(commit.providers),
    fence: commit.fence,
    traceparent: commit.traceparent,
  }
}
