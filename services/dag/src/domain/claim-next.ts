import type { ClaimGroup, Provider, SettleItem } from '@studio/contracts'
import { takeReady } from './claim-work.ts'
import { currentProviders, hasReadyForCascade, type KnownProviders } from './crews.ts'
import { groupClaims } from './group-claims.ts'
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
export async function claimNext(deps: Deps, request: NextRequest, signal: AbortSignal): Promise<ClaimGroup[]> {
  const claim = await deps.store.findClaim(request.claim_id)
  if (!claim) return []
  const { tenant_id: tenantId, work } = claim
  if (request.resume) {
    const left = await deps.store.listClaimsOf(tenantId, work.workflow_id)
    if (left.length > 0) return left
  }
  const provider = await goesOn(deps, claim)
  if (provider === null) return []
  const next = async (): Promise<ClaimGroup[]> => {
    // Asked without the tenant's lock, which all that has something to do there waits for.
    const known = await currentProviders(deps, tenantId)
    if (signal.aborted || (known.size === 0 && !(await deps.store.hasClaimed(tenantId, request.request_id)))) return []
    const { groups, roots } = await deps.store.transaction(tenantId, (graph) =>
      takeNext(graph, claim, provider, known, request),
    )
    deps.bell.ring(tenantId, roots)
    if (signal.aborted) await giveBack(deps, claim, groups)
    return groups
  }
  const groups = await next()
  if (groups.length > 0 || request.wait_ms === 0) return groups
  const watch = deps.arrivals.watch(tenantId, provider.id)
  if (watch === null) return []
  try {
    const until = performance.now() + request.wait_ms
    while (performance.now() < until && !signal.aborted) {
      // Once before the first wait: something may have come before the watch.
      if (await deps.store.hasReadyOf(tenantId, provider.id)) {
        const found = await next()
        if (found.length > 0) return found
      }
      await watch.next(Math.max(1, Math.min(until - performance.now(), longestWaitMs)))
    }
    return []
  } finally {
    watch.close()
  }
}

/** The current version of the claim's provider, where a worker of it goes on. */
async function goesOn({ providers }: Pick<Deps, 'providers'>, claim: StoredClaim): Promise<Provider | null> {
  const provider = await providers.current(claim.tenant_id, claim.work.provider_id)
  return provider?.version === claim.work.provider_version && provider.batch_size > 1 ? provider : null
}

interface Next {
  readonly groups: ClaimGroup[]
  /** Whose cascades are to be rung. */
  readonly roots: string[]
}

async function takeNext(
  graph: GraphTransaction,
  { work }: StoredClaim,
  provider: Provider,
  known: KnownProviders,
  { request_id: requestId, time_ms }: Pick<NextRequest, 'request_id' | 'time_ms'>,
): Promise<Next> {
  const before = await graph.readClaimsOfRequest(requestId)
  if (before.length > 0) return { groups: before.map((one) => one.work), roots: [] }
  const groups = await takeReady(graph, new Map([[provider.id, provider]]), {
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
  const isForOthers = await hasReadyForCascade(graph, known)
  return { groups, roots: isForOthers ? ringCascades(graph, work.root_ids.slice(0, 1)) : [] }
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
  deps: Omit<Deps, 'arrivals'>,
  claimId: string,
  items: readonly SettleItem[],
  request: Pick<NextRequest, 'request_id' | 'time_ms'>,
  signal: AbortSignal,
): Promise<Settlement & { groups: ClaimGroup[] }> {
  const claim = await deps.store.findClaim(claimId)
  const provider = claim && (await goesOn(deps, claim))
  if (!claim || !provider || signal.aborted) return { ...(await settleWork(deps, claimId, items)), groups: [] }
  const known = await currentProviders(deps, claim.tenant_id)
  const { after: next, ...settlement } = await settleClaim(deps, claim, items, (graph) =>
    takeNext(graph, claim, provider, known, request),
  )
  deps.bell.ring(claim.tenant_id, next.roots)
  if (signal.aborted) await giveBack(deps, claim, next.groups)
  return { ...settlement, groups: signal.aborted ? [] : next.groups }
}
