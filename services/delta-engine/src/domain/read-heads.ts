import type { BlobReference } from '@studio/contracts'
import { blobOf, type SubmitPorts, type Work } from './work.ts'

/** Reads what changes go on, each blob once, with the overlays that stand there; null for what their tenants do not have. */
export async function readHeads({ blobs }: Pick<SubmitPorts, 'blobs'>, works: readonly Work[]): Promise<void> {
  const references = new Map<string, BlobReference>()
  const changes = works.filter(({ submission }) => submission.item.operation !== 'create')
  for (const work of changes) {
    const { tenant_id, blob_id } = work.submission.item
    references.set(blobOf(work), { tenant_id, blob_id })
  }
  if (references.size === 0) return
  const heads = await blobs.heads([...references.values()])
  const byBlob = new Map([...references.keys()].map((name, at) => [name, heads[at] ?? null]))
  const overlaid = [...references].filter(([name]) => byBlob.get(name)?.overlay)
  const overlays = overlaid.length === 0 ? [] : await blobs.overlays(overlaid.map(([, reference]) => reference))
  const standing = new Map(overlaid.map(([name], at) => [name, overlays[at] ?? null]))
  for (const work of changes) {
    work.head = byBlob.get(blobOf(work)) ?? null
    work.overlay = standing.get(blobOf(work)) ?? null
  }
}
