import type { blobPurgeRoutes } from '@studio/contracts'
import type { Handlers } from '@studio/http'
import type { Context } from '../context.ts'
import { eraseContents } from '../domain/erase-contents.ts'
import { contentsErased } from '../telemetry.ts'

/** This service's part in a purge; dag carries it out. */
export function purgeHandlers({ log, store }: Context): Handlers<typeof blobPurgeRoutes> {
  return {
    seal: async (request) => ({ sealed: await store.sealBlob(request) }),
    endOverlays: async ({ tenant_id, blobs }) => {
      await store.endOverlays(tenant_id, blobs)
      return {}
    },
    fence: async (request) => {
      await store.raiseFences(request)
      return {}
    },
    listUnknown: async ({ tenant_id, blobs }) => ({ versions: await store.listUnknown(tenant_id, blobs) }),
    eraseContents: async ({ secret, ...scope }) => {
      const erased = await eraseContents(store, scope, Buffer.from(secret, 'base64'))
      contentsErased(log, scope)
      return erased
    },
  }
}
