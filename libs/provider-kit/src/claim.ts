import type { ClaimItem, NextGroup, SettleItem } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { cancellationSignal, heartbeat } from '@temporalio/activity'
import type { ProviderDependencies } from './dependencies.ts'
import { patiently } from './patiently.ts'
import { leaseNotRenewed } from './telemetry.ts'

const heartbeatMs = 2000

/** Nodes leased under one claim, while an activity works on them. */
export interface Claim {
  readonly id: string
  readonly items: readonly ClaimItem[]
  /** Aborts when the activity is cancelled or the whole claim is lost. */
  readonly signal: AbortSignal
  holds(item: ClaimItem): boolean
  /** Whether dag said that nothing of the claim is leased any more: whoever has the nodes now does the rest, so that is no failure. */
  isLost(): boolean
  /** Asks dag which nodes are still leased and makes the lease longer. */
  renew(): Promise<void>
  /** Tells dag outcomes; answers the nodes that were somebody else's by then. `isLast`: nothing of the claim is left, so that the worker may go on. */
  settle(items: readonly SettleItem[], isLast: boolean): Promise<string[]>
}

/** How a worker goes on when it has worked off a claim. */
export interface GoingOn {
  /** What it asks for; null: nothing. */
  ask(): { request_id: string; time_ms: number } | null
  /** It is leased these. */
  take(groups: readonly NextGroup[]): void
}

/**
 * Keeps Temporal's patience with an activity until `work` is done, all of it: one that works off many small claims takes long as well, and where Temporal takes it
 * for dead another attempt begins beside it.
 */
export async function whileBeating<Result>(work: () => Promise<Result>): Promise<Result> {
  const beat = setInterval(() => heartbeat(), heartbeatMs)
  try {
    return await work()
  } finally {
    clearInterval(beat)
  }
}

/**
 * Reads the claim, where it did not come with its nodes, and keeps its lease until `work` is done. A claim that is lost (or was worked off by an earlier
 * attempt) has no items.
 */
export async function withClaim<Result>(
  { dag, log, leaseMs }: Pick<ProviderDependencies, 'dag' | 'log' | 'leaseMs'>,
  { claim_id: claimId, items: read }: Pick<NextGroup, 'claim_id' | 'items'>,
  work: (claim: Claim) => Promise<Result>,
  goingOn?: GoingOn,
): Promise<Result> {
  const lost = new AbortController()
  const cancelled = cancellationSignal()
  const signal = AbortSignal.any([cancelled, lost.signal])
  let held = new Set<string>()
  let renewing: Promise<void> | undefined

  const renew = (): Promise<void> =>
    (renewing ??= dag
      .call('renewClaim', { claim_id: claimId }, { signal })
      .then((answer) => {
        held = new Set(answer.held)
        if (held.size === 0) lost.abort(new StudioError('claim_lost'))
      })
      .finally(() => (renewing = undefined)))

  let renewal: NodeJS.Timeout | undefined
  try {
    const items =
      read ?? (await patiently(signal, () => dag.call('readClaim', { claim_id: claimId }, { signal }))).items
    held = new Set(items.map((item) => item.node_id))
    renewal = setInterval(() => {
      renew().catch((error: unknown) => {
        if (!signal.aborted) leaseNotRenewed(log, claimId, error)
      })
    }, leaseMs / 3)
    return await work({
      id: claimId,
      items,
      signal,
      holds: (item) => held.has(item.node_id),
      isLost: () => lost.signal.aborted,
      renew: () => patiently(signal, renew),
      // A claim whose last nodes are settled holds nothing either: that must not break off the request that settles them.
      settle: async (outcomes, isLast) => {
        const next = (isLast && goingOn?.ask()) || null
        const request = { claim_id: claimId, items: [...outcomes], next }
        const answer = await patiently(cancelled, () => dag.call('settle', request, { signal: cancelled }))
        goingOn?.take(answer.groups)
        return answer.lost
      },
    })
  } finally {
    clearInterval(renewal)
  }
}
