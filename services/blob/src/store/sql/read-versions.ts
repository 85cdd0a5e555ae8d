import type { BlobReference, Version } from '@studio/contracts'
import type { Database } from '@studio/database'
import { toVersion, versionColumns, type VersionRow } from './columns.ts'

const text = `
select place::int, ${versionColumns}
from unnest($1::uuid[], $2::uuid[], $3::int[]) with ordinality as wanted(wanted_tenant, wanted_blob, wanted_version, place)
join version on version.blob_id = wanted_blob and version.version = wanted_version and version.tenant_id = wanted_tenant
`

/** Versions in the order asked; null for what the tenant does not have. */
export async function readVersions(
  database: Database,
  wanted: readonly (BlobReference & { version: number })[],
): Promise<(Version | null)[]> {
  const columns = [
    wanted.map(({ tenant_id }) => tenant_id),
    wanted.map(({ blob_id }) => blob_id),
    wanted.map(({ version }) => version),
  ]
  const rows = await database.query<VersionRow & { place: number }>('read-versions', text, columns)
  const versions = new Map(rows.map((row) => [row.place, toVersion(row)]))
  return wanted.map((_reference, index) => versions.get(index + 1) ?? null)
}
