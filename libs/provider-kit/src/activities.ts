import type { ClaimGroup } from '@studio/contracts'
import { StudioError, toProblem, type Problem } from '@studio/kernel'
import { activityInfo, cancellationSignal } from '@temporalio/activity'
import { whileBeating } from './claim.ts'
import type { ProviderDependencies } from './dependencies.ts'
import { toFailure } from './failures.ts'
import { workAndGoOn } from './go-on.ts'
import type { ClaimSummary } from './ledger.ts'
import type { Provider } from './provider.ts'
import { createSharing } from './sharing.ts'

export type { ClaimSummary } from './ledger.ts'

/** Of the time that an activity has, what it keeps for reading, writing and settling. */
const reserveMs = 60_000

/**
 * The activity of a provider, under the provider's id: works off a claim, and goes on where the provider takes batches. Answers how many nodes came to which
 * outcome. Its failures carry the problem's code, dag is told the rest; in a claim of more than one node a node that fails goes back alone instead.
 */
export function createProviderActivities(
  provider: Provider,
  dependencies: ProviderDependencies,
): Record<string, (group: ClaimGroup) => Promise<ClaimSummary>> {
  const { id, version } = provider.manifest
  const sharing = createSharing()

  const work = async (group: ClaimGroup): Promise<ClaimSummary> => {
    const { attempt, startToCloseTimeoutMs } = activityInfo()
    const end = performance.now() + startToCloseTimeoutMs - reserveMs
    try {
      if (group.provider_version !== version) {
        throw new StudioError(
          'dependency_unavailable',
          `This worker serves ${id}@${version}, not @${group.provider_version}.`,
        )
      }
      const timeLeft = (): number => Math.max(0, Math.floor(end - performance.now()))
      return await workAndGoOn(provider, { ...dependencies, sharing }, group, attempt, timeLeft)
    } catch (error) {
      // Temporal must see its own cancellation as it is.
      if (cancellationSignal().aborted) throw cancellationSignal().reason
      const problem = toProblem(error)
      // What a provider's error says beyond its code may quote content, and histories outlive a purge: that is for dag, which can forget it.
      const failure = toFailure(new StudioError(problem.code), attempt)
      const isLast = failure.nonRetryable === true || attempt >= group.attempts_left
      if (group.size === 1 && isLast) await tellWhy(dependencies, group.claim_id, problem, attempt)
      throw failure
    }
  }
  return { [id]: (group) => whileBeating(() => work(group)) }
}

/** Ends the claim of a single node with all that its error says. Where that does not get through, the workflow ends it with the error's code. */
async function tellWhy(
  { dag }: ProviderDependencies,
  claimId: string,
  error: Problem,
  attempts: number,
): Promise<void> {
  if (error.code === 'dependency_unavailable') return
  await dag.call('abandonClaim', { claim_id: claimId, error, attempts }).catch(() => undefined)
}
