import type { Problem } from '@studio/kernel'
import { activityInfo } from '@temporalio/activity'
import type { ProviderDependencies } from './dependencies.ts'
import { toFailure } from './failures.ts'

/** Activities that every provider workflow may call. */
export interface ClaimActivities {
  /** Tells dag that a claim is given up after so many attempts. */
  abandonClaim(claimId: string, error: Problem, attempts: number): Promise<void>
}

export function createClaimActivities({ dag }: Pick<ProviderDependencies, 'dag'>): ClaimActivities {
  return {
    abandonClaim: async (claimId, error, attempts) => {
      try {
        await dag.call('abandonClaim', { claim_id: claimId, error, attempts })
      } catch (failure) {
        throw toFailure(failure, activityInfo().attempt)
      }
    },
  }
}
