import type { ContentRow } from '../decode-content.ts'
import type { Tenant } from '../tenant.ts'

// Up to 16 MiB each.
const page = 8

/** Decodes and hashes all kept contents (patches on one base follow each other; what stands for purged ones has no bytes), and names the versions of those that are damaged. */
export async function checkContents(tenant: Tenant): Promise<number> {
  const rows = tenant.snapshot.stream<ContentRow>(
    'select hash, size, encoding, bytes, base_hash from blob.content where tenant_id = $1 and encoding <> 3 order by base_hash, hash',
    [tenant.id],
    page,
  )
  let count = 0
  for await (const row of rows) {
    count++
    if ((await tenant.contents.decode(row)) === null) await nameDamaged(tenant, row.hash)
  }
  return count
}

async function nameDamaged({ id: tenant_id, snapshot, findings }: Tenant, hash: string): Promise<void> {
  const users = await snapshot.rows<{ blob_id: string; version: number }>(
    'select blob_id, version from blob.version where tenant_id = $1 and content_hash = $2 order by blob_id, version',
    [tenant_id, hash],
  )
  const places = users.length > 0 ? users : [{}]
  for (const place of places) findings.add('content_damaged', { tenant_id, ...place }, hash, 'other bytes')
}
