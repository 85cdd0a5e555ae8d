import type { Database } from '@studio/database'

// A patch is only ever made of content that none rests on, and put on whole content: so reading takes one patch at most, and nothing comes
// back to itself. Both rows are locked first, in the order of their keys, and judged as they are then.
const text = `
with pair as materialized (
  select hash, base_hash, patches from content where tenant_id = $1 and hash in ($2, $3) order by hash for no key update
), packed as (
  update content set encoding = 2, bytes = $4, base_hash = base.hash
  from pair as mine, pair as base
  where content.tenant_id = $1 and content.hash = $2 and mine.hash = $2 and base.hash = $3
    and mine.base_hash is null and mine.patches = 0 and base.base_hash is null
  returning content.hash
), counted as (
  update content set patches = content.patches + 1 where content.tenant_id = $1 and content.hash = $3 and exists (select from packed)
)
select from packed
`

interface PackedContent {
  tenant_id: string
  hash: string
  base_hash: string
  patch: Buffer
}

/** Keeps a content as a patch on another one; false where the rows do not allow it (any more). */
export async function packContent(
  database: Database,
  { tenant_id, hash, base_hash, patch }: PackedContent,
): Promise<boolean> {
  const rows = await database.query('pack-content', text, [tenant_id, hash, base_hash, patch])
  return rows.length > 0
}
