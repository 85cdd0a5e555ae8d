import type { dagApi } from '@studio/contracts'
import type { Handlers } from '@studio/http'
import type { Context } from '../context.ts'
import { previewChange } from '../domain/preview-change.ts'
import { createPreviewReader } from '../store/preview-reader.ts'

/** What a change would cost. */
export function previewRoutes({
  database,
  store,
  providers,
  blob: blobs,
}: Context): Pick<Handlers<typeof dagApi>, 'preview'> {
  const deps = { reader: createPreviewReader(database), store, providers }
  return {
    preview: async ({ tenant_id, blob_id, change }) => {
      const blob = await blobs.one('readBlobs', { tenant_id, blob_id })
      return { preview: blob && (await previewChange(deps, blob, change)) }
    },
  }
}
