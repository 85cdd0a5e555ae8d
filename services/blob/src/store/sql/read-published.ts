import type { BlobReference, PublishedBlob, PublishedMember, PublishedSet } from '@studio/contracts'
import type { Database } from '@studio/database'
import { blobColumns, toBlob, type BlobRow } from './columns.ts'

/** A blob beside the version of it that readers see, where that is not the head. */
type PublishedRow = BlobRow & {
  published_version: number | null
  published_revision: number | null
  earlier: {
    version: number
    version_id: string
    content_type: string
    content_hash: string
    size: number
    metadata: BlobRow['metadata']
    operation: string
    overlay: BlobRow['overlay']
    created_at: string
  } | null
}

/** All that stands behind a row of `blob` for its readers, as SQL: joins, and the columns. */
export const seen = {
  columns: `${blobColumns
    .split(',')
    .map((column) => `blob.${column.trim()}`)
    .join(', ')}, published.version as published_version, published.revision as published_revision,
  case when earlier.version is not null then json_build_object('version', earlier.version, 'version_id', earlier.version_id, 'content_type', earlier.content_type, 'content_hash', earlier.content_hash,
    'size', earlier.size, 'metadata', earlier.metadata, 'operation', earlier.operation, 'created_at', earlier.created_at,
    'overlay', (select case when overlay.conflicted then 'conflicted' else 'edited' end from overlay where overlay.blob_id = earlier.blob_id and overlay.version = earlier.version)) end as earlier`,
  joins: `left join published on published.blob_id = blob.id and published.version is not null
  left join version as earlier on earlier.blob_id = blob.id and earlier.version = published.version and published.version <> blob.version`,
}

const text = `select ${seen.columns} from blob ${seen.joins} where blob.id = any($1::uuid[])`

/** Blobs as readers see them, in the order asked; null for what the tenant does not have. One statement: head, pointer and version are of one moment. */
export async function readPublished(
  database: Database,
  references: readonly BlobReference[],
): Promise<(PublishedBlob | null)[]> {
  if (references.length === 0) return []
  const rows = await database.query<PublishedRow>('read-published', text, [references.map(({ blob_id }) => blob_id)])
  const blobs = new Map(rows.map((row) => [row.id, toPublished(row)]))
  return references.map(({ tenant_id, blob_id }) => {
    const found = blobs.get(blob_id.toLowerCase())
    return found?.blob.tenant_id === tenant_id.toLowerCase() ? found : null
  })
}

export function toPublished(row: PublishedRow): PublishedBlob {
  const head = toBlob(row)
  if (row.published_version === null || row.published_revision === null) return { blob: head, published: null }
  const published = { version: row.published_version, revision: row.published_revision, head_version: head.version }
  if (row.earlier === null) return { blob: head, published }
  const { operation, created_at: at, ...version } = row.earlier
  const created_at = new Date(at).toISOString()
  const deleted_at = operation === 'delete' ? created_at : null
  return { blob: { ...head, ...version, updated_at: created_at, deleted_at }, published }
}

// From above, so that each blob is found once by the index, however many others feed it.
const setText = `
with recursive below(blob_id) as (
  select blob_id from published where blob_id = $2 and tenant_id = $1 and version > 0
  union
  select published.blob_id from below join published on published.input_ids @> array[below.blob_id] and published.version > 0
)
select root.revision, version.blob_id as id, version.version, version.version_id, version.content_type, version.content_hash, version.size, version.created_by, version.metadata,
  array(select input_id from unnest(published.input_ids) as input_id where input_id in (select blob_id from below)) as input_ids
from below join published using (blob_id) join version on version.blob_id = published.blob_id and version.version = published.version
join published as root on root.blob_id = $2
where version.operation <> 'delete'
order by version.blob_id
`

/** A blob and all below it as they were published together, from one statement; null where it is not, or not yet, published with others. */
export async function readPublishedSet(
  database: Database,
  { tenant_id, blob_id }: BlobReference,
): Promise<PublishedSet | null> {
  const rows = await database.query<PublishedMember & { revision: number }>('read-published-set', setText, [
    tenant_id,
    blob_id,
  ])
  const [first] = rows
  if (!first) return null
  return { revision: first.revision, members: rows.map(({ revision: _revision, ...member }) => member) }
}
