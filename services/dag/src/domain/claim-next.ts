import type { ClaimGroup, NextGroup, Provider, SettleItem } from '@studio/contracts'
import { takeReady } from './claim-work.ts'
import { currentProviders, hasReadyForCascade, lookUp, type KnownProviders } from './crews.ts'
import { groupClaims } from './group-claims.ts'
import { callCaretakers, leaveOrRing, nobody, type Caretakers } from './leave-or-ring.ts'
import { returnWork, ringCascades } from './mark-dirty.ts'
import type { Arrivals, CascadeBell, GraphStore, GraphTransaction, Providers, StoredClaim } from './ports.ts'
import { settleClaim, settleWork, type Settlement } from './settle-work.ts'

/** Another process of dag may have made something ready, of which nobody here hears. */
const longestWaitMs = 200

interface Deps {
  readonly store: GraphStore
  readonly providers: Providers
  readonly bell: CascadeBell
  readonly arrivals: Arrivals
}

export interface NextRequest {
  readonly claim_id: string
  readonly request_id: string
  readonly wait_ms: number
  /** What the worker has left: as many nodes as it can do in that, at its slowest. */
  readonly time_ms: number
  readonly resume: boolean
}

/**
 * More for the worker that has worked off a claim: what is ready of the same provider version by now, or in the next `wait_ms`, under the same
 * workflow. So a chain of cheap nodes takes one child workflow and not one a level, and an edit that comes soon finds a warm worker.
 *
 * @param signal aborts when the worker hangs up: nothing is leased to one that is gone.
 */
export async function claimNext(deps: Deps, request: NextRequest, signal: AbortSignal): Promise<NextGroup[]> {
  const claim = await deps.store.findClaim(request.claim_id)
  if (!claim) return []
  const { tenant_id: tenantId, work } = claim
  if (request.resume) {
    const left = await deps.store.listClaimsOf(tenantId, work.workflow_id)
    if (left.length > 0) return left
  }
  const provider = await goesOn(deps, claim)
  if (provider === null) return []
  const next = { ...deps, claim, provider, request, signal }
  const { known } = await look(next)
  const isWorthLocking = known.size > 0 || (await deps.store.hasClaimed(tenantId, request.request_id))
  const groups = isWorthLocking && !signal.aborted ? await take(next, known) : []
  return groups.length > 0 || request.wait_ms === 0 ? groups : await awaitWork(next)
}

interface Waiting extends Deps {
  readonly claim: StoredClaim
  readonly provider: Provider
  readonly request: NextRequest
  readonly signal: AbortSignal
}

/** Asked without the tenant's lock, which all that has something to do there waits for. */
async function look({
  store,
  providers,
  claim,
  provider,
}: Waiting): Promise<{ known: KnownProviders; isHere: boolean }> {
  const ready = await store.listReadyProviders(claim.tenant_id)
  const known = await lookUp(providers, claim.tenant_id, ready)
  return { known, isHere: ready.some(({ id, has_others }) => id === provider.id && has_others) }
}

async function take(waiting: Waiting, known: KnownProviders): Promise<NextGroup[]> {
  const { store, arrivals, claim, provider, request, signal } = waiting
  const next = await store.transaction(claim.tenant_id, (graph) =>
    takeNext(graph, arrivals, claim, provider, known, request),
  )
  return await handOver(waiting, claim, next, signal)
}

/** While it waits, what becomes ready of its provider is left to it (`leaveOrRing`): all that came before the watch was closed it takes, or rings for. */
async function awaitWork(waiting: Waiting): Promise<NextGroup[]> {
  const { arrivals, claim, provider, request, signal } = waiting
  const until = performance.now() + request.wait_ms
  const watch = arrivals.watch(claim.tenant_id, provider.id)
  if (watch === null) return []
  let now: Awaited<ReturnType<typeof look>>
  try {
    // Once before the first wait: something may have come before the watch.
    now = await look(waiting)
    while (!now.isHere && performance.now() < until && !signal.aborted) {
      await watch.next(Math.max(1, Math.min(until - performance.now(), longestWaitMs)))
      now = await look(waiting)
    }
  } finally {
    watch.close()
  }
  if (!now.isHere) now = await look(waiting)
  if (!now.isHere) return []
  if (!signal.aborted) return await take(waiting, now.known)
  await giveBack(waiting, claim, [])
  return []
}

/** The current version of the claim's provider, where a worker of it goes on. */
async function goesOn({ providers }: Pick<Deps, 'providers'>, claim: StoredClaim): Promise<Provider | null> {
  const provider = await providers.current(claim.tenant_id, claim.work.provider_id)
  return provider?.version === claim.work.provider_version && provider.batch_size > 1 ? provider : null
}

interface Next {
  readonly groups: NextGroup[]
  /** Of what is left. */
  readonly caretakers: Caretakers
}

async function takeNext(
  graph: GraphTransaction,
  arrivals: Arrivals,
  { work }: StoredClaim,
  provider: Provider,
  known: KnownProviders,
  { request_id: requestId, time_ms }: Pick<NextRequest, 'request_id' | 'time_ms'>,
): Promise<Next> {
  const before = await graph.readClaimsOfRequest(requestId)
  if (before.length > 0) return { groups: before.map((one) => one.work), caretakers: nobody }
  const [first, ...others] = await takeReady(graph, new Map([[provider.id, provider]]), {
    request_id: requestId,
    limit: Math.min(provider.batch_size, Math.floor(time_ms / provider.timeout_ms)),
    crews: () => Promise.resolve(new Map()),
    list: (room) => graph.listReadyOf(provider.id, room),
    group: (ready, below) =>
      groupClaims(ready, below, work.task_queue).map(({ group, leases }) => ({
        group: { ...group, workflow_id: work.workflow_id },
        leases,
      })),
  })
  // The cascade sees no child end between the levels: what others have to do it is told.
  const [isForOthers, items] = await Promise.all([
    hasReadyForCascade(graph, known),
    first ? graph.readNewClaim(first.claim_id) : [],
  ])
  return {
    groups: first ? [{ ...first, items }, ...others] : [],
    caretakers: isForOthers ? await leaveOrRing(graph, arrivals, work.root_ids.slice(0, 1)) : nobody,
  }
}

/** Once that is committed: what is left is told to whom it is for, and what is leased to a worker that has hung up meanwhile is given back. */
async function handOver(
  deps: Deps,
  claim: StoredClaim,
  { groups, caretakers }: Next,
  signal: AbortSignal,
): Promise<NextGroup[]> {
  await callCaretakers(deps, claim.tenant_id, caretakers)
  if (!signal.aborted) return groups
  await giveBack(deps, claim, groups)
  return []
}

async function giveBack(
  { store, bell }: Pick<Deps, 'store' | 'bell'>,
  { tenant_id: tenantId, work }: StoredClaim,
  groups: readonly ClaimGroup[],
): Promise<void> {
  const roots = await store.transaction(tenantId, async (graph) => {
    await returnWork(
      graph,
      groups.map(({ claim_id }) => claim_id),
      'all',
    )
    return ringCascades(graph, work.root_ids.slice(0, 1))
  })
  bell.ring(tenantId, roots)
}

/**
 * Settles a claim and leases more to its worker, in one transaction: the tenant's row is locked once a batch, and who works on seems at no moment to have ended.
 *
 * @param signal as in `claimNext`.
 */
export async function settleAndGoOn(
  deps: Deps,
  claimId: string,
  items: readonly SettleItem[],
  request: Pick<NextRequest, 'request_id' | 'time_ms'>,
  signal: AbortSignal,
): Promise<Settlement & { groups: NextGroup[] }> {
  const claim = await deps.store.findClaim(claimId)
  const provider = claim && (await goesOn(deps, claim))
  if (!claim || !provider || signal.aborted) return { ...(await settleWork(deps, claimId, items)), groups: [] }
  const known = await currentProviders(deps, claim.tenant_id)
  const { after: next, ...settlement } = await settleClaim(deps, claim, items, (graph) =>
    takeNext(graph, deps.arrivals, claim, provider, known, request),
  )
  return { ...settlement, groups: await handOver(deps, claim, next, signal) }
}
