import type { StagedContent } from '@studio/contracts'
import type { Database } from '@studio/database'
import { encodeContent } from '../content-encoding.ts'

// Staged again, it counts as new; what a version uses stays as it is.
const text = `
insert into content (tenant_id, hash, size, encoding, bytes, staged_at) values ($1, $2, $3, $4, $5, now())
on conflict (tenant_id, hash) do update set staged_at = now() where content.staged_at is not null
`

/** Keeps bytes for a version to come; they are collected when none has used them within a day. */
export async function stageContent(database: Database, tenantId: string, bytes: Buffer): Promise<StagedContent> {
  const { hash, size, encoding, stored } = await encodeContent(bytes)
  await database.execute('stage-content', text, [tenantId, hash, size, encoding, stored])
  return { hash, size }
}
