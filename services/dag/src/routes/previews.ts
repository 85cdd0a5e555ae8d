import type { dagApi } from '@studio/contracts'
import type { Handlers } from '@studio/http'
import type { Context } from '../context.ts'
import { previewChange } from '../domain/preview-change.ts'
import { createPreviewReader } from '../store/preview-reader.ts'
import { readCascade } from '../store/read-cascade.ts'

/** What a change would cost, and what one did cost. */
export function previewRoutes({
  database,
  store,
  providers,
  blob: blobs,
}: Context): Pick<Handlers<typeof dagApi>, 'preview' | 'readCascade'> {
  const deps = { reader: createPreviewReader(database), store, providers }
  return {
    preview: async ({ tenant_id, blob_id, change }) => {
      const blob = await blobs.one('readBlobs', { tenant_id, blob_id })
      return { preview: blob && (await previewChange(deps, blob, change)) }
    },
    readCascade: async ({ tenant_id, cascade_id }) => ({
      cascade: await readCascade(database, tenant_id, cascade_id),
    }),
  }
}
