import type { Database } from '@studio/database'
import { decodeContent } from '../content-encoding.ts'

const text = `
select place::int, encoding, bytes
from unnest($1::uuid[], $2::text[]) with ordinality as wanted(wanted_tenant, wanted_hash, place)
join content on content.tenant_id = wanted_tenant and content.hash = wanted_hash
`

/** Raw bytes by hash, in the order asked; null for what the tenant does not have. */
export async function readContents(
  database: Database,
  wanted: readonly { tenant_id: string; hash: string }[],
): Promise<(Buffer | null)[]> {
  const columns = [wanted.map(({ tenant_id }) => tenant_id), wanted.map(({ hash }) => hash)]
  const rows = await database.query<{ place: number; encoding: number; bytes: Buffer }>('read-contents', text, columns)
  const contents = new Map(
    await Promise.all(rows.map(async (row): Promise<[number, Buffer]> => [row.place, await decodeContent(row)])),
  )
  return wanted.map((_reference, index) => contents.get(index + 1) ?? null)
}
