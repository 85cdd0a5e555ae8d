import type { ClaimGroup, NextGroup } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { span } from '@studio/telemetry'
import { cancellationSignal } from '@temporalio/activity'
import { withClaim, type GoingOn } from './claim.ts'
import type { ProviderDependencies } from './dependencies.ts'
import type { Attempt, ClaimSummary } from './ledger.ts'
import { patiently } from './patiently.ts'
import type { Provider } from './provider.ts'
import type { Sharing } from './sharing.ts'
import { claimWorked } from './telemetry.ts'
import { workOff } from './work-off.ts'

/** Time in which an activity goes on with what has become ready, so that a chain of cheap nodes is one child workflow and not one a level. */
const sliceMs = 30_000
/** How long it then waits for more: the next edit finds it warm. Each waits on a connection of its own, so only some do. */
const lingerMs = 3_000
const mostLingering = 6

/**
 * Works off the claim that an activity was started for. That of a provider that takes batches goes on with what its results have made ready, and with what comes
 * soon after. Answers how many nodes came to which outcome.
 *
 * @param timeLeft milliseconds that the activity has for further nodes.
 */
export async function workAndGoOn(
  provider: Provider,
  dependencies: ProviderDependencies & { sharing: Sharing },
  group: ClaimGroup,
  attempt: number,
  timeLeft: () => number,
): Promise<ClaimSummary> {
  const summary: ClaimSummary = {}
  const isCheap = provider.manifest.batch_size > 1
  let next: readonly NextGroup[] = []
  let until = Infinity
  const goingOn: GoingOn = {
    ask: () => (performance.now() < until ? { request_id: newId(), time_ms: timeLeft() } : null),
    take: (groups) => (next = groups),
  }
  const work = async (one: NextGroup, how: Attempt, goesOn: boolean): Promise<void> => {
    const made = await workClaim(provider, dependencies, one, how, goesOn ? goingOn : undefined)
    for (const [outcome, count] of Object.entries(made) as [keyof ClaimSummary, number][])
      summary[outcome] = (summary[outcome] ?? 0) + count
  }
  // What an earlier attempt had leased is asked for first.
  let resume = attempt > 1
  await work(group, { attempt, givesBack: group.size > 1 }, isCheap && !resume)
  if (!isCheap) return summary
  until = performance.now() + sliceMs
  while (next.length > 0 || performance.now() < until) {
    const isResumed = resume
    const taken = next.length > 0 ? next : await claimNext(dependencies, group.claim_id, timeLeft(), resume)
    next = []
    resume = false
    if (taken.length === 0) break
    for (const [place, one] of taken.entries())
      await work(one, { attempt: isResumed ? attempt : 1, givesBack: true }, place === taken.length - 1)
  }
  return summary
}

async function workClaim(
  provider: Provider,
  dependencies: ProviderDependencies & { sharing: Sharing },
  group: NextGroup,
  how: Attempt,
  goingOn: GoingOn | undefined,
): Promise<ClaimSummary> {
  const { id } = provider.manifest
  const attributes = { claim_id: group.claim_id, size: group.size }
  const made = await span(`run ${id}`, { parent: group.traceparent, attributes }, () =>
    withClaim(dependencies, group, (claim) => workOff(provider, dependencies, group, claim, how), goingOn),
  )
  claimWorked(dependencies.log, id, group.claim_id, { ...made })
  return made
}

/** Claims that this process waits for. */
let lingering = 0

async function claimNext(
  { dag }: ProviderDependencies,
  claimId: string,
  time_ms: number,
  resume: boolean,
): Promise<NextGroup[]> {
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
