import type { Provider } from '@studio/contracts'
import type { GraphStore, GraphTransaction, Providers, ReadyProvider } from './ports.ts'

/**
 * How many workers of one cheap provider are at work for a tenant at once. Each goes on with what is ready (`claimNext`), so these work off whatever there is, in
 * full batches; what waits meanwhile waits here, where it is claimed on its newest inputs, and not as a workflow in Temporal's queue. More only
 * fight for the tenant's row (measured, 3,000 derivations: 40 workflows took 1.3 times the CPU of 14), as long as a batch is done at once: a worker that has had
 * its batch for longer than `slowBatchMs` counts no more, so with each batch that a slower provider takes the number of its workers grows.
 */
export const mostCrews = 2
export const slowBatchMs = 1000

/** Providers by id, as of a moment before the lock; null: there is none. */
export type KnownProviders = ReadonlyMap<string, Provider | null>

/** Of what is ready. Looked up before the lock is taken: a registry that is slow to answer must hold up nobody's edits. */
export async function currentProviders(
  { store, providers }: { store: GraphStore; providers: Providers },
  tenantId: string,
): Promise<KnownProviders> {
  return await lookUp(providers, tenantId, await store.listReadyProviders(tenantId))
}

export async function lookUp(
  providers: Providers,
  tenantId: string,
  ready: readonly ReadyProvider[],
): Promise<KnownProviders> {
  return new Map(await Promise.all(ready.map(async ({ id }) => [id, await providers.current(tenantId, id)] as const)))
}

/** Those whose workers go on. */
export function cheapOf(known: KnownProviders): Provider[] {
  return [...known.values()].filter((provider) => provider !== null && provider.batch_size > 1) as Provider[]
}

/** By cheap provider, how many nodes may be leased to further workers. `atWork`: claims that are worked on, or wait to be. */
export function roomForCrews(known: KnownProviders, atWork: ReadonlyMap<string, number>): Map<string, number> {
  return new Map(
    cheapOf(known).map(({ id, batch_size }) => [id, Math.max(0, mostCrews - (atWork.get(id) ?? 0)) * batch_size]),
  )
}

/** Whether anything is ready that a cascade must see to: not what enough workers go on with. */
export function hasReadyForCascade(graph: GraphTransaction, known: KnownProviders): Promise<boolean> {
  return graph.hasReady({ cheap: cheapOf(known).map(({ id }) => id), crews: mostCrews, slowBatchMs })
}
