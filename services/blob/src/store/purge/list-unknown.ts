import type { VersionReference } from '@studio/contracts'
import type { Database } from '@studio/database'

const text = `
select version.blob_id, version.version, version.delta_id
from json_to_recordset($2::json) as asked(blob_id uuid, known int[]) join version using (blob_id)
where version.tenant_id = $1 and version.version <> all(asked.known) and not version.purged and version.created_by <> 'user'
order by version.blob_id, version.version`

/** Providers' versions of blobs that are not among the known ones, nor purged, with the deltas that made them. A user's is somebody's work, and told by an event. */
export function listUnknown(
  database: Database,
  tenantId: string,
  blobs: readonly { blob_id: string; known: readonly number[] }[],
): Promise<(VersionReference & { delta_id: string })[]> {
  return database.query('list-unknown-versions', text, [tenantId, JSON.stringify(blobs)])
}
