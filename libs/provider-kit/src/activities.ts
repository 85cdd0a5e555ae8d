import type { ClaimGroup } from '@studio/contracts'
import { newId, StudioError, toProblem, type Problem } from '@studio/kernel'
import { span } from '@studio/telemetry'
import { activityInfo, cancellationSignal } from '@temporalio/activity'
import { whileBeating, withClaim, type GoingOn } from './claim.ts'
import type { Attempt, ClaimSummary } from './ledger.ts'
import { workOff } from './work-off.ts'
import type { ProviderDependencies } from './dependencies.ts'
import { patiently } from './patiently.ts'
import { toFailure } from './failures.ts'
import type { Provider } from './provider.ts'
import { createSharing } from './sharing.ts'
import { claimWorked } from './telemetry.ts'

export type { ClaimSummary } from './ledger.ts'

/** Time in which an activity goes on with what has become ready, so that a chain of cheap nodes is one child workflow and not one a level. */
const sliceMs = 30_000
/** Of the time that an activity has, what it keeps for reading, writing and settling. */
const reserveMs = 60_000
/** How long it then waits for more: the next edit finds it warm. Each waits on a connection of its own, so only some do. */
const lingerMs = 3_000
const mostLingering = 6

/**
 * The activity of a provider, under the provider's id: works off a claim. Answers how many nodes came to which outcome. Its failures carry
 * the problem's code, dag is told the rest; in a claim of more than one node a node that fails goes back alone instead. The activity of a provider that takes
 * batches goes on with what its results have made ready.
 */
export function createProviderActivities(
  provider: Provider,
  dependencies: ProviderDependencies,
): Record<string, (group: ClaimGroup) => Promise<ClaimSummary>> {
  const { id, version } = provider.manifest
  const sharing = createSharing()
  return {
    [id]: (group) =>
      whileBeating(async () => {
        const { attempt, startToCloseTimeoutMs } = activityInfo()
        const begun = performance.now()
        try {
          if (group.provider_version !== version) {
            throw new StudioError(
              'dependency_unavailable',
              `This worker serves ${id}@${version}, not @${group.provider_version}.`,
            )
          }
          const summary: ClaimSummary = {}
          const timeLeft = (): number =>
            Math.max(0, Math.floor(begun + startToCloseTimeoutMs - performance.now()) - reserveMs)
          let next: ClaimGroup[] = []
          let until = Infinity
          const goingOn: GoingOn = {
            ask: () => (performance.now() < until ? { request_id: newId(), time_ms: timeLeft() } : null),
            take: (groups) => next.push(...groups),
          }
          const work = async (one: ClaimGroup, how: Attempt, goesOn: boolean): Promise<void> => {
            const made = await span(
              `run ${id}`,
              { parent: one.traceparent, attributes: { claim_id: one.claim_id, size: one.size } },
              () =>
                withClaim(
                  dependencies,
                  one.claim_id,
                  (claim) => workOff(provider, { ...dependencies, sharing }, one, claim, how),
                  goesOn ? goingOn : undefined,
                ),
            )
            claimWorked(dependencies.log, id, one.claim_id, { ...made })
            for (const [outcome, count] of Object.entries(made) as [keyof ClaimSummary, number][])
              summary[outcome] = (summary[outcome] ?? 0) + count
          }
          const isCheap = provider.manifest.batch_size > 1
          // What an earlier attempt had leased is asked for first.
          let resume = attempt > 1
          await work(group, { attempt, givesBack: group.size > 1 }, isCheap && !resume)
          if (!isCheap) return summary
          until = performance.now() + sliceMs
          while (next.length > 0 || performance.now() < until) {
            const isResumed = resume
            if (next.length === 0) next = await claimNext(dependencies, group.claim_id, timeLeft(), resume)
            resume = false
            if (next.length === 0) break
            const taken = next
            next = []
            for (const [place, one] of taken.entries())
              await work(one, { attempt: isResumed ? attempt : 1, givesBack: true }, place === taken.length - 1)
          }
          return summary
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
      }),
  }
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

/** Claims that this process waits for. */
let lingering = 0

async function claimNext(
  { dag }: ProviderDependencies,
  claimId: string,
  time_ms: number,
  resume: boolean,
): Promise<ClaimGroup[]> {
  const signal = cancellationSignal()
  const wait_ms = lingering < mostLingering ? lingerMs : 0
  const request = { claim_id: claimId, request_id: newId(), wait_ms, time_ms, resume }
  lingering += 1
  try {
    return (await patiently(signal, () => dag.call('claimNext', request, { signal }))).groups
  } finally {
    lingering -= 1
  }
}
