import { noUsage, type ClaimInput, type SettleItem } from '@studio/contracts'
import { newId, toProblem, type Problem, type StudioError } from '@studio/kernel'
import { cascadesOf } from './cascades-of.ts'
import { markDirty, takeAgain } from './mark-dirty.ts'
import type { Cause, GraphStore, GraphTransaction, NodeRow, Providers, StoredClaim } from './ports.ts'
import { correctBegun, isAgain, recordOutcomes, type Held } from './record-outcomes.ts'
import { settleFresh } from './settle-fresh.ts'
import { subjectOfTrigger, triggeredDerivations, type TriggerSource } from './trigger-derivations.ts'

export interface Settlement {
  settled: number
  ready: number
  lost: string[]
}

/**
 * Records what became of claimed nodes: their heads, runs and memo, frees what waited for them, and makes the derivations that triggers
 * ask for on what they wrote. Items whose lease or epoch has passed to somebody else change nothing and come back as lost.
 */
export async function settleWork(
  deps: { store: GraphStore; providers: Providers },
  claimId: string,
  items: readonly SettleItem[],
): Promise<Settlement> {
  const claim = await deps.store.findClaim(claimId)
  if (!claim) return { settled: 0, ready: 0, lost: items.map((item) => item.node_id) }
  const { settled, ready, lost } = await settleClaim(deps, claim, items, () => Promise.resolve())
  return { settled, ready, lost }
}

/** The same, and in the same transaction what comes `after` it. */
export async function settleClaim<After>(
  deps: { store: GraphStore; providers: Providers },
  claim: StoredClaim,
  items: readonly SettleItem[],
  after: (graph: GraphTransaction) => Promise<After>,
): Promise<Settlement & { after: After }> {
  const sources = await triggerSources(deps.store, claim.tenant_id, items)
  const matches = await deps.providers.match(sources.map(subjectOfTrigger))
  return await deps.store.transaction(claim.tenant_id, async (graph) => {
    const nodes = new Map((await graph.readClaimedNodes(claim.id)).map((node) => [node.blob_id, node]))
    const held = sound(nodes, items)
    await recordOutcomes(graph, claim, held)
    await correctBegun(graph, held)
    const fresh = held.filter(({ item }) => item.outcome === 'fresh')
    await settleFresh(
      graph,
      fresh.map(({ node, item: { key, inputs } }) => ({
        node,
        key: key ?? '',
        provider_version: node.provider_version ?? '',
        inputs,
      })),
    )
    const returned = held.filter(({ item }) => item.outcome === 'returned')
    // A recorded output whose content is gone answers nobody: the node runs.
    const isGone = ({ item }: Held): boolean => item.error?.code === 'content_not_found' && item.key !== null
    await graph.forgetMemos(returned.filter(isGone).flatMap(({ item }) => item.key ?? []))
    await giveBack(
      graph,
      returned.map((one) => ({ node: one.node, failed: one.item.error !== null, begun: !isGone(one) })),
    )
    const done = held
      .filter(({ item }) => item.outcome !== 'failed' && item.outcome !== 'returned' && item.outcome !== 'deleted')
      .map(({ node }) => node)
    const freed = await graph.countDown(done.filter((node) => !isAgain(node)).map((node) => node.blob_id))
    // After that: what is due again counts what it waits for as it is now.
    const again = held.filter(({ node }) => isAgain(node)).map(({ node }) => node.blob_id)
    const readyAgain = await takeAgain(graph, again)
    const alive = new Set(held.filter(({ item }) => item.version !== null).map(({ node }) => node.blob_id))
    const triggered = triggeredDerivations(sources, matches).filter((derivation) => alive.has(derivation.parent_id))
    const added = new Set(triggered.length > 0 ? await graph.addDerivations(triggered) : [])
    await markDirty(
      graph,
      seedsUnder(
        done,
        triggered.filter((derivation) => added.has(derivation.blob_id)),
      ),
    )
    await graph.closeCascades(cascadesOf(held.map(({ node }) => node)))
    const heldIds = new Set(held.map(({ node }) => node.blob_id))
    return {
      settled: held.length,
      ready: freed + readyAgain + added.size,
      lost: items.map((item) => item.node_id).filter((id) => !heldIds.has(id)),
      after: await after(graph),
    }
  })
}

/** A child workflow gave up: a node that was claimed alone has failed for good, the nodes of a larger claim are tried again alone. */
export async function abandonClaim(
  deps: { store: GraphStore },
  claimId: string,
  error: Problem,
  attempts: number,
): Promise<number> {
  const claim = await deps.store.findClaim(claimId)
  if (!claim) return 0
  return await deps.store.transaction(claim.tenant_id, async (graph) => {
    const nodes = await graph.readClaimedNodes(claimId)
    if (claim.work.size > 1) {
      await giveBack(
        graph,
        nodes.map((node) => ({ node, failed: true, begun: true })),
      )
      await takeAgain(
        graph,
        nodes.map((node) => node.blob_id),
      )
      return 0
    }
    await recordFailures(
      graph,
      claim,
      nodes.map((node) => ({ node, error })),
      attempts,
    )
    await takeAgain(
      graph,
      nodes.map((node) => node.blob_id),
    )
    await graph.closeCascades(cascadesOf(nodes))
    return nodes.length
  })
}

/** Nodes that cannot even be claimed, such as those of a disabled provider. */
export async function failNodes(
  graph: GraphTransaction,
  failures: readonly { node: NodeRow; error: StudioError }[],
): Promise<void> {
  if (failures.length === 0) return
  await recordFailures(
    graph,
    null,
    failures.map(({ node, error }) => ({ node, error: toProblem(error) })),
    0,
  )
  await graph.closeCascades(cascadesOf(failures.map(({ node }) => node)))
}

async function recordFailures(
  graph: GraphTransaction,
  claim: StoredClaim | null,
  failures: readonly { node: NodeRow; error: Problem }[],
  attempts: number,
): Promise<void> {
  const inputs = await graph.listInputs(failures.map(({ node }) => node.blob_id))
  await recordOutcomes(
    graph,
    claim,
    failures.map(({ node, error }) => ({
      node,
      item: failure(node, error, attempts, inputs.get(node.blob_id) ?? []),
    })),
  )
}

function failure(node: NodeRow, error: Problem, attempts: number, inputs: ClaimInput[]): SettleItem {
  return {
    node_id: node.blob_id, epoch: node.epoch, outcome: 'failed', inputs, key: node.key, version: null, content_hash: null, content_type: null,
    size: null, attempts, error, duration_ms: 0, usage: noUsage,
  } // prettier-ignore
}

/** Nodes are ready again, or wait for what they were claimed with; that may have failed by now, or been cancelled. */
async function giveBack(
  graph: GraphTransaction,
  returned: readonly { node: NodeRow; failed: boolean; begun: boolean }[],
): Promise<void> {
  await graph.release(returned.map(({ node, ...how }) => ({ blob_id: node.blob_id, ...how })))
  const waiting = returned.filter(({ node }) => node.dirty_inputs > 0)
  if (waiting.length > 0) await graph.blockBelow(waiting.map(({ node }) => node.blob_id))
}

/**
 * The items whose lease and epoch still hold. One that read what another item of its claim made, which was lost or came to something else, goes back: what it read
 * is no version that this graph has.
 */
function sound(nodes: ReadonlyMap<string, NodeRow>, items: readonly SettleItem[]): Held[] {
  const made = new Map(items.map((item) => [item.node_id, null as SettleItem | null]))
  return items.flatMap((item) => {
    const node = nodes.get(item.node_id)
    if (!node || node.epoch !== item.epoch) return []
    const isSound = item.inputs.every(({ blob_id, version, content_hash }) => {
      const source = made.get(blob_id)
      return (
        source === undefined || (source?.version === version && source.content_hash === content_hash && !source.head)
      )
    })
    if (!isSound) return [{ node, item: { ...item, outcome: 'returned', error: null } }]
    if (item.outcome !== 'returned' && item.outcome !== 'failed') made.set(item.node_id, item)
    return [{ node, item }]
  })
}

/** The blobs among the settled ones that have a new version, as triggers look at them. Reads without the lock: nothing here changes under a lease. */
async function triggerSources(
  store: GraphStore,
  tenantId: string,
  items: readonly SettleItem[],
): Promise<TriggerSource[]> {
  const written = items.filter(
    // A cutoff may be the first that tells of a user's version.
    (item) =>
      item.version !== null && (item.outcome === 'version' || item.outcome === 'memo' || item.head !== undefined),
  )
  if (written.length === 0) return []
  const nodes = new Map(
    (
      await store.readNodes(
        tenantId,
        written.map((item) => item.node_id),
      )
    ).map((node) => [node.blob_id, node]),
  )
  return written.flatMap((item) => {
    const node = nodes.get(item.node_id)
    // A recorded output that the head has already is no new version.
    const { content_hash, content_type, size } = item.head ?? item
    if (!node || item.version === null || item.version <= node.version || !content_hash || !content_type) return []
    return [
      {
        tenant_id: tenantId,
        blob_id: node.blob_id,
        user_id: node.user_id,
        // A first version may have been overtaken before it settled: for whom listens to created blobs this one is the first.
        event: node.version === 0 ? ('blob.created' as const) : ('blob.updated' as const),
        content_type,
        content_hash,
        size: size ?? 0,
        created_by: node.created_by,
        ancestry: node.ancestry,
        root_id: node.root_id,
        depth: node.depth,
        providers: node.providers,
      },
    ]
  })
}

/** New derivations belong to the cascade of the node that they feed on. */
function seedsUnder(done: readonly NodeRow[], added: readonly { blob_id: string; parent_id: string }[]) {
  const causes: Cause[] = []
  const indexOf = new Map<string, number>()
  const parents = new Map(done.map((node) => [node.blob_id, node]))
  const seeds = added.flatMap(({ blob_id, parent_id }) => {
    const parent = parents.get(parent_id)
    if (!parent) return []
    const id = parent.cascade_id ?? newId()
    const index = indexOf.get(id) ?? causes.length
    if (index === causes.length) {
      indexOf.set(id, index)
      causes.push({
        cascade_id: id,
        root_id: parent.root_id,
        caused_by: parent.caused_by,
        traceparent: parent.traceparent,
      })
    }
    return [[blob_id, index] as const]
  })
  return { causes, roots: [], seeds }
}
