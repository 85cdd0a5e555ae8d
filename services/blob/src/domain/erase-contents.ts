import type { VersionReference } from '@studio/contracts'
import { failpoint } from '@studio/kernel'

interface Scope {
  readonly tenant_id: string
  readonly blobs: readonly string[]
  readonly versions: readonly VersionReference[]
}

export interface EraseStore {
  markPurged(scope: Scope): Promise<void>
  /** Hashes of the contents that are still to be taken from marked versions. */
  listMarked(scope: Scope): Promise<string[]>
  eraseContent(tenantId: string, hash: string, secret: Buffer): Promise<void>
  purgePlaces(scope: Scope): Promise<void>
  countVersions(scope: Scope): Promise<{ blob_id: string; versions: number }[]>
  listAlong(scope: Scope): Promise<Along[]>
}

/** A version that was made on a purged one since, and has what that had. */
type Along = VersionReference & { readonly created_by: string }

/** Erases the contents of versions, one by one, wherever blob has them. Each step is found again in the rows, so that a repeat goes on where this ended. */
export async function eraseContents(
  store: EraseStore,
  scope: Scope,
  secret: Buffer,
): Promise<{ blobs: { blob_id: string; versions: number }[]; along: Along[] }> {
  await store.markPurged(scope)
  for (const hash of await store.listMarked(scope)) {
    await store.eraseContent(scope.tenant_id, hash, secret)
    failpoint('blob.content.erased')
  }
  await store.purgePlaces(scope)
  return { blobs: await store.countVersions(scope), along: await store.listAlong(scope) }
}
