import type { ClaimGroup } from '@studio/contracts'
import { createTombstoneActivity, toFailure, type ProviderDependencies } from '@studio/provider-kit'
import { activityInfo } from '@temporalio/activity'
import type { CascadeTarget } from './contract.ts'

export interface CascadeActivities {
  /** Leases at most `limit` ready nodes; a repeated request answers the same groups. */
  claimWork(target: CascadeTarget, requestId: string, limit: number): Promise<ClaimGroup[]>
  /** Answers false where something became ready meanwhile. */
  endCascade(target: CascadeTarget): Promise<boolean>
  /** Deletes what a claim of kind `delete` holds. */
  tombstone(group: ClaimGroup): Promise<void>
}

export function createCascadeActivities(dependencies: Omit<ProviderDependencies, 'contents'>): CascadeActivities {
  const { dag } = dependencies
  return {
    claimWork: (target, requestId, limit) =>
      told(async () => {
        const request = { tenant_id: target.tenant_id, cascade_id: target.blob_id, request_id: requestId, limit }
        return (await dag.call('claim', request)).groups
      }),
    endCascade: (target) =>
      told(
        async () => (await dag.call('endCascade', { tenant_id: target.tenant_id, cascade_id: target.blob_id })).ended,
      ),
    tombstone: createTombstoneActivity(dependencies),
  }
}

async function told<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (error) {
    throw toFailure(error, activityInfo().attempt)
  }
}
