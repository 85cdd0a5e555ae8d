import type { dagPurgeRoutes } from '@studio/contracts'
import type { Handlers } from '@studio/http'
import type { Context } from '../context.ts'
import { requestPurge } from '../domain/purge/request-purge.ts'

export function purgeRoutes({ blob, purges }: Context): Handlers<typeof dagPurgeRoutes> {
  const seal = async (reference: { tenant_id: string; blob_id: string }): Promise<boolean> =>
    (await blob.call('seal', reference)).sealed
  return {
    requestPurge: async (reference) => ({
      purge: await requestPurge({ purges, seal }, await blob.one('readBlobs', reference)),
    }),
    readPurge: async ({ tenant_id, purge_id }) => ({ purge: await purges.read(tenant_id, purge_id) }),
  }
}
