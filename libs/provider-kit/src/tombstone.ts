import type { ClaimGroup } from '@studio/contracts'
import { failpoint, fromProblem } from '@studio/kernel'
import { activityInfo } from '@temporalio/activity'
import { whileBeating, withClaim } from './claim.ts'
import { commitWrites } from './commit.ts'
import type { ProviderDependencies } from './dependencies.ts'
import { toFailure } from './failures.ts'
import { settlement } from './settlement.ts'

/** The activity that deletes derived blobs whose sources are gone: a tombstone for each node of the claim. */
export function createTombstoneActivity(
  dependencies: Pick<ProviderDependencies, 'dag' | 'delta' | 'log' | 'leaseMs'>,
): (group: ClaimGroup) => Promise<void> {
  const { delta } = dependencies
  return (group) =>
    whileBeating(async () => {
      const { attempt } = activityInfo()
      try {
        await withClaim(dependencies, group, async (claim) => {
          failpoint('worker.claimed')
          const writes = claim.items.map((item) => ({
            // Nothing is read: any key will do that every attempt has.
            item: { ...item, key: item.key ?? '', inputs: [] },
            rests_on: [],
            content: null,
            content_type: item.head_content_type ?? 'application/octet-stream',
            traceparent: item.traceparent,
          }))
          const written = await commitWrites(delta, claim, writes).catch((error: unknown) => {
            if (claim.isLost()) return []
            throw error
          })
          failpoint('worker.committed')
          const items = [...written].flatMap(([{ item }, outcome]) => {
            if (outcome.status === 'failed') throw fromProblem(outcome.problem)
            return outcome.status === 'applied'
              ? [
                  settlement({ node_id: item.node_id, epoch: item.epoch }, 'deleted', attempt, {
                    version: outcome.version,
                  }),
                ]
              : []
          })
          if (items.length > 0) await claim.settle(items, true)
        })
      } catch (error) {
        throw toFailure(error, attempt)
      }
    })
}
