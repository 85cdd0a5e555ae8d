import type { SubmitPorts, Work } from './work.ts'

/** Reads what changes go on, each blob once; null for what their tenants do not have. */
export async function readHeads({ blobs }: Pick<SubmitPorts, 'blobs'>, works: readonly Work[]): Promise<void> {
  const byBlob = new Map<string, Work[]>()
  for (const work of works) {
    const { operation, tenant_id, blob_id } = work.submission.item
    if (operation === 'create') continue
    const name = `${tenant_id} ${blob_id}`
    byBlob.set(name, [...(byBlob.get(name) ?? []), work])
  }
  if (byBlob.size === 0) return
  const changes = [...byBlob.values()]
  const heads = await blobs.heads(
    changes.flatMap(([first]) =>
      first === undefined
        ? []
        : [{ tenant_id: first.submission.item.tenant_id, blob_id: first.submission.item.blob_id }],
    ),
  )
  for (const [at, ofOne] of changes.entries()) for (const work of ofOne) work.head = heads[at] ?? null
}
