import type { Database } from '@studio/database'
import { contentKey, expandContents, type ContentRow } from '../expand-contents.ts'

// In one statement, so that the packer changes nothing between a patch and its base. Each base comes once, however many patches rest on it.
const text = `
with wanted as materialized (
  select content.* from unnest($1::uuid[], $2::text[]) as asked(tenant_id, hash) join content using (tenant_id, hash)
)
select tenant_id, hash, size, encoding, base_hash, bytes from wanted
union all
select base.tenant_id, base.hash, base.size, base.encoding, base.base_hash, base.bytes
from (select distinct tenant_id, base_hash from wanted where base_hash is not null) as patched
join content as base on base.tenant_id = patched.tenant_id and base.hash = patched.base_hash
`

/**
 * Raw bytes by hash, in the order asked; null for what the tenant does not have.
 *
 * @throws `internal_error` when bytes are damaged.
 */
export async function readContents(
  database: Database,
  wanted: readonly { tenant_id: string; hash: string }[],
): Promise<(Buffer | null)[]> {
  const keys = wanted.map(({ tenant_id, hash }) => contentKey(tenant_id.toLowerCase(), hash))
  const asked = new Map(keys.map((key, index) => [key, wanted[index]]))
  const columns = [[...asked.values()].map((one) => one?.tenant_id), [...asked.values()].map((one) => one?.hash)]
  const rows = await database.query<ContentRow>('read-contents', text, columns)
  const contents = await expandContents(rows, new Set(asked.keys()))
  return keys.map((key) => contents.get(key) ?? null)
}
