import type { dagApi } from '@studio/contracts'
import type { Handlers } from '@studio/http'
import type { Context } from '../context.ts'

export function verificationRoutes({
  verifications,
}: Context): Pick<Handlers<typeof dagApi>, 'startVerification' | 'readVerification'> {
  return {
    startVerification: async ({ tenant_id }) => ({ verification: await verifications.start(tenant_id) }),
    readVerification: async ({ tenant_id, verification_id }) => ({
      verification: await verifications.read(tenant_id, verification_id),
    }),
  }
}
