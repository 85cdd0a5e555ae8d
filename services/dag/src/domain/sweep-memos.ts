import type { GraphStore } from './ports.ts'

/** How long recorded outputs are kept after their last use, and how many bytes of them a tenant. */
export interface MemoBounds {
  readonly days: number
  readonly bytes: number
}

/** What can be seen of the recorded outputs of all tenants, without a lock. */
export interface MemoBacklog {
  /** Up to `limit` recorded outputs beyond the bounds, counted from the last used, that are no node's current output. */
  listSpare(bounds: MemoBounds, limit: number): Promise<{ tenant_id: string; key: string }[]>
}

const listed = 10_000
/** So many are dropped under one lock of their tenant. */
const batch = 1000

/**
 * Drops recorded outputs that nobody has used for long, or that are too many; answers how many. Those that have become of use since they were listed
 * stay: the tenant's lock keeps claims and settlements away meanwhile, other replicas too.
 */
export async function sweepMemos(
  { store, memos }: { store: GraphStore; memos: MemoBacklog },
  bounds: MemoBounds,
): Promise<number> {
  let dropped = 0
  for (;;) {
    const spare = await memos.listSpare(bounds, listed)
    for (const [tenantId, ofTenant] of Map.groupBy(spare, ({ tenant_id }) => tenant_id))
      for (let at = 0; at < ofTenant.length; at += batch) {
        const keys = ofTenant.slice(at, at + batch).map(({ key }) => key)
        dropped += await store.transaction(tenantId, (graph) => graph.dropSpareMemos(keys))
      }
    if (spare.length < listed) return dropped
  }
}
