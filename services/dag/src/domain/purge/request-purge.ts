import type { Blob, Purge } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import type { Purges } from './ports.ts'

/**
 * Begins the purge of a blob, or answers the one that there is; `seal` closes the blob first, so that no revert comes between. Throws `blob_not_found`, `blob_not_deleted`,
 * and `derived_blob_read_only` for a derived one.
 */
export async function requestPurge(
  { purges, seal }: { purges: Purges; seal: (reference: { tenant_id: string; blob_id: string }) => Promise<boolean> },
  blob: Blob | null,
): Promise<Purge> {
  if (blob === null) throw new StudioError('blob_not_found', 'There is no blob with this id.')
  if (blob.created_by !== 'user')
    throw new StudioError(
      'derived_blob_read_only',
      'A derived blob is purged with what it was made from: delete and purge that.',
    )
  const { tenant_id, id: blob_id, version } = blob
  if (!(await seal({ tenant_id, blob_id })))
    throw new StudioError('blob_not_deleted', 'A purge cannot be undone: delete the blob first.')
  return purges.request({ tenant_id, blob_id, version })
}
