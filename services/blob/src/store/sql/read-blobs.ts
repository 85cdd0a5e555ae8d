import type { Blob, BlobReference } from '@studio/contracts'
import type { Database } from '@studio/database'
import { blobColumns, toBlob, type BlobRow } from './columns.ts'

const text = `select ${blobColumns} from blob where id = any($1::uuid[])`

/** Blobs at their heads, tombstones included, in the order asked; null for what the tenant does not have. */
export async function readBlobs(database: Database, references: readonly BlobReference[]): Promise<(Blob | null)[]> {
  if (references.length === 0) return []
  const rows = await database.query<BlobRow>('read-blobs', text, [references.map(({ blob_id }) => blob_id)])
  const blobs = new Map(rows.map((row) => [row.id, toBlob(row)]))
  return references.map(({ tenant_id, blob_id }) => {
    const blob = blobs.get(blob_id.toLowerCase())
    return blob?.tenant_id === tenant_id.toLowerCase() ? blob : null
  })
}
