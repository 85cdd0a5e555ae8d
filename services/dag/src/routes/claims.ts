import type { dagApi } from '@studio/contracts'
import type { Handlers } from '@studio/http'
import { failpoint } from '@studio/kernel'
import type { Context } from '../context.ts'
import { claimNext, settleAndGoOn } from '../domain/claim-next.ts'
import { claimWork } from '../domain/claim-work.ts'
import { endCascade } from '../domain/end-cascade.ts'
import { ringForOrphan } from '../domain/ring-for-orphan.ts'
import { abandonClaim, settleWork } from '../domain/settle-work.ts'
import { readClaim, recall, renewClaim } from '../store/claim-reader.ts'
import { studioTaskQueue } from '../temporal/names.ts'

/** What cascades and workers ask: which work there is, and what became of it. */
export function claimRoutes(
  context: Context,
): Pick<
  Handlers<typeof dagApi>,
  'claim' | 'claimNext' | 'readClaim' | 'recall' | 'renewClaim' | 'settle' | 'abandonClaim' | 'endCascade'
> {
  const { store, providers, bell, arrivals, database, config } = context
  return {
    claim: async (request) => {
      failpoint('dag.claim.before')
      const groups = await claimWork({ store, providers, taskQueue: studioTaskQueue }, request)
      failpoint('dag.claim.after')
      return { groups }
    },
    claimNext: async (request, { signal }) => ({
      groups: await claimNext({ store, providers, bell, arrivals }, request, signal),
    }),
    readClaim: async ({ claim_id }) => ({ items: await readClaim(database, claim_id, config.STUDIO_LEASE_MS) }),
    recall: async ({ tenant_id, keys }) => ({ items: await recall(database, tenant_id, keys) }),
    renewClaim: async ({ claim_id }) => ({ held: await renewClaim(database, claim_id, config.STUDIO_LEASE_MS) }),
    settle: async ({ claim_id, items, next }, { signal }) => {
      failpoint('dag.settle.before')
      const settlement =
        next === null
          ? { ...(await settleWork({ store, providers }, claim_id, items)), groups: [] }
          : await settleAndGoOn({ store, providers, bell, arrivals }, claim_id, items, next, signal)
      failpoint('dag.settle.after')
      await ringForOrphan({ store, bell }, claim_id)
      return settlement
    },
    abandonClaim: async ({ claim_id, error, attempts }) => {
      const failed = await abandonClaim({ store }, claim_id, error, attempts)
      await ringForOrphan({ store, bell }, claim_id)
      return { failed }
    },
    endCascade: async ({ tenant_id, cascade_id }) => ({
      ended: await endCascade({ store, providers }, tenant_id, cascade_id),
    }),
  }
}
