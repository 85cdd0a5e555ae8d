import type { VersionReference } from '@studio/contracts'
import type { Database } from '@studio/database'

const text = `
select version.blob_id, version.version, version.delta_id
from json_to_recordset($2::json) as asked(blob_id uuid, known int[]) join version using (blob_id)
where version.tenant_id = $1 and version.version <> all(asked.known) and not version.purged
order by version.blob_id, version.version`

/** Versions of blobs that are not among the known ones, nor purged, with the deltas that made them. */
export function listUnknown(
  database: Database,
  tenantId: string,
  blobs: readonly { blob_id: string; known: readonly number[] }[],
): Promise<(VersionReference & { delta_id: string })[]> {
  return database.query('list-unknown-versions', text, [tenantId, JSON.stringify(blobs)])
}
