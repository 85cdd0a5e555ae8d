import type { BlobReference, OverlaySide, StoredOverlay } from '@studio/contracts'
import type { Database } from '@studio/database'

type Side = 'base' | 'edited' | 'generated'
type Row = { place: number; blob_version: number; conflicted: boolean } & {
  [Name in `${Side}_${'hash' | 'type'}`]: string
} & { [Name in `${Side}_size`]: number } & { [Name in `${Side}_version`]: number | null }

/** The size of one side's content, and the newest version that has it by itself. */
const sideColumns = (side: Side): string => `overlay.${side}_hash, overlay.${side}_type,
  (select size from content where content.tenant_id = overlay.tenant_id and content.hash = overlay.${side}_hash) as ${side}_size,
  (select max(version) from version where version.blob_id = overlay.blob_id and version.content_hash = overlay.${side}_hash
    and version.operation <> 'delete') as ${side}_version`

const text = `
select place::int, overlay.version as blob_version, overlay.conflicted, ${sideColumns('base')}, ${sideColumns('edited')}, ${sideColumns('generated')}
from unnest($1::uuid[], $2::uuid[]) with ordinality as wanted(wanted_tenant, wanted_blob, place)
join blob on blob.id = wanted_blob and blob.tenant_id = wanted_tenant and blob.overlay is not null
join overlay on overlay.blob_id = blob.id and overlay.version = blob.version
`

/** Overlays of blobs at their heads, in the order asked; null where there is none, and for what the tenant does not have. */
export async function readOverlays(
  database: Database,
  wanted: readonly BlobReference[],
): Promise<(StoredOverlay | null)[]> {
  const columns = [wanted.map(({ tenant_id }) => tenant_id), wanted.map(({ blob_id }) => blob_id)]
  const rows = await database.query<Row>('read-overlays', text, columns)
  const overlays = new Map(rows.map((row) => [row.place, toOverlay(row)]))
  return wanted.map((_reference, index) => overlays.get(index + 1) ?? null)
}

function toOverlay(row: Row): StoredOverlay {
  const side = (name: Side): OverlaySide & { size: number; version: number | null } => ({
    content_hash: row[`${name}_hash`],
    content_type: row[`${name}_type`],
    size: row[`${name}_size`],
    version: row[`${name}_version`],
  })
  const { blob_version: version, conflicted } = row
  return { version, base: side('base'), edited: side('edited'), generated: side('generated'), conflicted }
}
