import { everyTenant, type Provider, type ProviderManifest } from '@studio/contracts'
import type { Database } from '@studio/database'

interface Row {
  tenant_id: string
  digest: string
  manifest: ProviderManifest
  status: Provider['status']
  created_at: Date
  updated_at: Date
}

const statement = `
  SELECT p.tenant_id, v.digest, v.manifest, coalesce(s.status, 'active') AS status,
         p.created_at, greatest(p.updated_at, s.updated_at) AS updated_at
    FROM provider p
    JOIN provider_version v ON v.tenant_id = p.tenant_id AND v.provider_id = p.id AND v.version = p.current_version
    LEFT JOIN provider_status s ON s.tenant_id = $1 AND s.provider_id = p.id
   WHERE p.tenant_id IN ($1, $2)
   ORDER BY p.tenant_id = $1, p.id`

/** The common providers and the tenant's own, at their current versions, by id. Where both have an id the tenant's own is the one it sees. */
export async function findProviders(database: Database, tenantId: string): Promise<ReadonlyMap<string, Provider>> {
  const rows = await database.query<Row>('find-providers', statement, [tenantId, everyTenant])
  return new Map(
    rows.map((row) => [
      row.manifest.id,
      {
        ...row.manifest,
        tenant_id: row.tenant_id === everyTenant ? null : row.tenant_id,
        status: row.status,
        digest: row.digest,
        created_at: row.created_at.toISOString(),
        updated_at: row.updated_at.toISOString(),
      },
    ]),
  )
}
