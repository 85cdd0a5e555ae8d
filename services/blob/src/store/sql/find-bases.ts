import type { Database } from '@studio/database'
import type { Base, Packable } from '../../domain/pack-history.ts'

// Reading a patch costs as much as its base does: a base that dwarfs it is none. Nor is what stands in the place of purged content.
const text = `
select base.hash, octet_length(base.bytes) as stored_size, base.patches
from version
join content on content.tenant_id = version.tenant_id and content.hash = version.content_hash
join content as base on base.tenant_id = content.tenant_id and base.hash = coalesce(content.base_hash, content.hash)
where version.blob_id = $1 and version.version in ($2 - 1, $2 + 1) and base.hash <> $3 and base.encoding <> 3 and base.size <= least(2 * $4, $5)
order by version.version
`

/** The whole contents that a superseded one may be kept as a patch on: the snapshot of the version before it, then that of the one after it. */
export function findBases(database: Database, superseded: Packable, largest: number): Promise<Base[]> {
  const { blob_id, version, hash, size } = superseded
  return database.query<Base>('find-bases', text, [blob_id, version, hash, size, largest])
}
