import type { ClaimGroup } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { span } from '@studio/telemetry'
import { activityInfo, cancellationSignal } from '@temporalio/activity'
import { withClaim } from './claim.ts'
import { workOff, type ClaimSummary } from './work-off.ts'
import type { ProviderDependencies } from './dependencies.ts'
import { toFailure } from './failures.ts'
import type { Provider } from './provider.ts'
import { claimWorked } from './telemetry.ts'

export type { ClaimSummary } from './work-off.ts'

/**
 * The activity of a provider, under the provider's id: works off a claim. Answers how many nodes came to which outcome. Its failures carry
 * the problem as their detail; in a claim of more than one node a node that fails goes back alone instead.
 */
export function createProviderActivities(
  provider: Provider,
  dependencies: ProviderDependencies,
): Record<string, (group: ClaimGroup) => Promise<ClaimSummary>> {
  const { id, version } = provider.manifest
  return {
    [id]: async (group) => {
      const { attempt } = activityInfo()
      try {
        if (group.provider_version !== version) {
          throw new StudioError(
            'dependency_unavailable',
            `This worker serves ${id}@${version}, not @${group.provider_version}.`,
          )
        }
        const summary = await span(
          `run ${id}`,
          { parent: group.traceparent, attributes: { claim_id: group.claim_id, size: group.size } },
          () =>
            withClaim(dependencies, group.claim_id, (claim) => workOff(provider, dependencies, group, claim, attempt)),
        )
        claimWorked(dependencies.log, id, group.claim_id, { ...summary })
        return summary
      } catch (error) {
        // Temporal must see its own cancellation as it is.
        if (cancellationSignal().aborted) throw cancellationSignal().reason
        throw toFailure(error, attempt)
      }
    },
  }
}
