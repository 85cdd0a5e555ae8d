import { createMerkleTree } from '../merkle.ts'
import type { Tenant } from '../tenant.ts'

interface HeadRow {
  id: string
  version: number
  version_id: string
  content_hash: string
  content_type: string
  deleted: boolean
}

/** Compares blob's heads with the newest versions, as the deltas have them. Answers how many heads there are. */
export async function checkHeads(tenant: Tenant): Promise<number> {
  const { id: tenant_id, findings, heads } = tenant
  const found = new Set<string>()
  for await (const row of readHeads(tenant)) {
    found.add(row.id)
    const head = heads.get(row.id)
    const { version, version_id, content_hash: hash, content_type, deleted } = row
    if (head === undefined) findings.add('version_missing', { tenant_id, blob_id: row.id, version }, 'versions', null)
    else if (JSON.stringify(head) !== JSON.stringify({ version, version_id, hash, content_type, deleted }))
      findings.add('head_wrong', { tenant_id, blob_id: row.id, version }, head, {
        version,
        version_id,
        hash,
        content_type,
        deleted,
      })
  }
  for (const [blob_id, head] of heads)
    if (!found.has(blob_id)) findings.add('head_missing', { tenant_id, blob_id, version: head.version }, head, null)
  return found.size
}

/** The Merkle roots over (blob, head hash) of what heads must be, and of what blob has. */
export async function computeRoots(tenant: Tenant): Promise<{ expected: string; found: string }> {
  const expected = createMerkleTree()
  for (const id of [...tenant.heads.keys()].sort()) {
    const head = tenant.heads.get(id)
    if (head) expected.add(id, head.deleted ? null : head.hash)
  }
  const found = createMerkleTree()
  for await (const { id, content_hash, deleted } of readHeads(tenant)) found.add(id, deleted ? null : content_hash)
  return { expected: expected.root(), found: found.root() }
}

function readHeads({ id, snapshot }: Tenant): AsyncGenerator<HeadRow, void> {
  return snapshot.stream<HeadRow>(
    `select id, version, version_id, content_hash, content_type, deleted_at is not null as deleted from blob.blob
     where tenant_id = $1 order by id`,
    [id],
    1000,
  )
}
