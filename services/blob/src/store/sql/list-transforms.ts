import type { blobApi, Transform } from '@studio/contracts'
import type { Database } from '@studio/database'
import type { z } from 'zod'
import { toVersion, versionColumns, type VersionRow } from './columns.ts'

// A provider's tombstone (operation `delete`) is its write too. One that is marked as purged has its content until that is erased.
const text = `
select ${versionColumns}, tenant_id, caused_by,
  exists (select from content where content.tenant_id = version.tenant_id and content.hash = version.content_hash and content.encoding = 3) as erased
from version where created_by <> 'user' and created_at >= $1 and created_at < $2 and ($3::uuid is null or version_id > $3)
order by version_id limit $4
`

/** Providers' writes of a time, by version id, for the sweeper of delta-engine; `purged` where their content is erased. */
export async function listTransforms(
  database: Database,
  { since, until, after, limit }: z.output<(typeof blobApi)['listTransforms']['request']>,
): Promise<{ items: Transform[] }> {
  const rows = await database.query<VersionRow & { tenant_id: string; caused_by: string | null; erased: boolean }>(
    'list-transforms',
    text,
    [since, until, after ?? null, limit],
  )
  return {
    items: rows.map(({ tenant_id, caused_by, erased, ...row }) => ({
      ...toVersion({ ...row, purged: erased }),
      tenant_id,
      caused_by,
    })),
  }
}
