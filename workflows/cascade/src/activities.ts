import type { Cascade, CascadeAction, ClaimGroup } from '@studio/contracts'
import { createTombstoneActivity, toFailure, type ProviderDependencies } from '@studio/provider-kit'
import { activityInfo } from '@temporalio/activity'
import type { CascadeTarget, CascadeUpdate } from './contract.ts'

export interface CascadeActivities {
  /** Leases at most `limit` nodes, ready ones and what comes along with them; a repeated request answers the same groups. `orphans`: claims whose end the workflow will not see. */
  claimWork(target: CascadeTarget, requestId: string, limit: number, orphans: readonly string[]): Promise<ClaimGroup[]>
  /** Answers false where something became ready meanwhile. */
  endCascade(target: CascadeTarget): Promise<boolean>
  /** Has dag pause, resume or cancel a cascade of the blob, or try again what failed in it; answers it as it stands then. */
  controlCascade(target: CascadeTarget, action: CascadeAction, update: CascadeUpdate): Promise<Cascade>
  /** Deletes what a claim of kind `delete` holds. */
  tombstone(group: ClaimGroup): Promise<void>
}

export function createCascadeActivities(dependencies: Omit<ProviderDependencies, 'contents'>): CascadeActivities {
  const { dag } = dependencies
  return {
    claimWork: (target, requestId, limit, orphans) =>
      told(async () => {
        const { tenant_id, blob_id: cascade_id } = target
        const request = { tenant_id, cascade_id, request_id: requestId, limit, orphans: [...orphans] }
        return (await dag.call('claim', request)).groups
      }),
    endCascade: (target) =>
      told(
        async () => (await dag.call('endCascade', { tenant_id: target.tenant_id, cascade_id: target.blob_id })).ended,
      ),
    controlCascade: (target, action, { cascade_id }) =>
      told(async () => {
        const cascade = cascade_id === undefined ? { root_id: target.blob_id } : { cascade_id }
        const request = { tenant_id: target.tenant_id, cascade, action, budget: null }
        return (await dag.call('controlCascade', request)).cascade
      }),
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
