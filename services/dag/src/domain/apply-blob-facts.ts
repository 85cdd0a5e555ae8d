import type { BlobFact } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { doomedBelow, isGone } from './doom.ts'
import { callCaretakers, leaveOrRing, nobody } from './leave-or-ring.ts'
import { markDirty, ringCascades } from './mark-dirty.ts'
import type {
  Arrivals,
  CascadeBell,
  Cause,
  EditedHead,
  GraphStore,
  GraphTransaction,
  NodeRow,
  Providers,
} from './ports.ts'
import { sourceHead } from './source-head.ts'
import { subjectOfTrigger, triggeredDerivations, type TriggerSource } from './trigger-derivations.ts'

/**
 * Takes over what blob says of one tenant's blobs: new heads, the derivations that triggers ask for, what is stale now, what goes with a
 * deleted source. Repeatable and free of order: a head only moves forward, a derivation's id is a function of its inputs. What
 * providers wrote is passed over: dag knows it from `settle`. A user's version of a derived blob moves its head and makes stale what is below; its own node, whatever is
 * being done about it, stays as it is.
 */
export async function applyBlobFacts(
  deps: { store: GraphStore; providers: Providers; bell: CascadeBell; arrivals: Arrivals },
  tenantId: string,
  facts: readonly BlobFact[],
): Promise<void> {
  const own = facts.filter((fact) => fact.created_by === 'user')
  if (own.length === 0) return
  const derived = own.filter(isOfDerived).map((fact) => fact.blob_id)
  const makers = new Map((await deps.store.readNodes(tenantId, derived)).map((node) => [node.blob_id, node]))
  const sources = own
    .filter((fact) => fact.operation !== 'delete')
    .map((fact) => triggerSourceOf(tenantId, fact, makers.get(fact.blob_id)))
  const matches = await deps.providers.match(sources.map(subjectOfTrigger))
  const caretakers = await deps.store.transaction(tenantId, async (graph) => {
    const known = new Map((await graph.readNodes(own.map((fact) => fact.blob_id))).map((node) => [node.blob_id, node]))
    const news = newest(own).filter((fact) => fact.version > (known.get(fact.blob_id)?.version ?? 0))
    const isEdit = (fact: BlobFact) => (known.get(fact.blob_id)?.provider_id ?? null) !== null
    // An edit does not bring back what goes with its sources, or has gone: nothing is derived of it any more.
    const brings = (fact: BlobFact) => fact.operation !== 'delete' && !(isEdit(fact) && isGone(known.get(fact.blob_id)))
    await graph.putEdits(news.filter(isEdit).map(editedHead))
    await graph.putSources(
      news
        .filter((fact) => !isEdit(fact))
        .map((fact) => sourceHead(fact, fact.operation === 'delete' ? 'deleted' : 'settled')),
    )

    const readyRoots: string[] = []
    const live = new Set([...news.filter(brings).map((fact) => fact.blob_id), ...stillLive(known, news)])
    const wanted = triggeredDerivations(sources, matches).filter((derivation) => live.has(derivation.parent_id))
    const added = wanted.length > 0 ? await graph.addDerivations(wanted) : []

    const causes: Cause[] = []
    const causeIndex = new Map<string, number>()
    const causeOf = (fact: BlobFact) => {
      const index = causeIndex.get(fact.blob_id) ?? causes.length
      if (index === causes.length) {
        causes.push(causeFrom(fact))
        causeIndex.set(fact.blob_id, index)
      }
      return index
    }
    const latest = new Map(newest(own).map((fact) => [fact.blob_id, fact]))
    const parents = new Map(wanted.map((derivation) => [derivation.blob_id, derivation.parent_id]))
    const seeds = added.flatMap((id) => {
      const fact = latest.get(parents.get(id) ?? '')
      return fact ? [[id, causeOf(fact)] as const] : []
    })
    const roots = news
      .filter((fact) => brings(fact) && changedContent(fact, known.get(fact.blob_id)))
      .map((fact) => [fact.blob_id, causeOf(fact)] as const)
    readyRoots.push(...(await markDirty(graph, { causes, roots, seeds })).readyRoots)
    for (const fact of news.filter((one) => one.operation === 'delete'))
      readyRoots.push(...(await takeAlong(graph, fact)))
    return news.length === own.length
      ? await leaveOrRing(graph, deps.arrivals, readyRoots)
      : { ...nobody, rung: await ringAgain(graph, readyRoots, own) }
  })
  await callCaretakers(deps, tenantId, caretakers)
}

/** A redelivered event rings again whoever was rung: its first delivery may have died between its commit and its ring. */
async function ringAgain(
  graph: GraphTransaction,
  readyRoots: readonly string[],
  facts: readonly BlobFact[],
): Promise<string[]> {
  if (readyRoots.length === 0 && !(await graph.hasReady())) return []
  const told = graph.cascadeSlots.filter((slot) => slot.rung).map((slot) => slot.root_id)
  const roots = readyRoots.length > 0 ? readyRoots : facts.slice(0, 1).map((fact) => fact.blob_id)
  return [...new Set([...told, ...ringCascades(graph, roots)])]
}

/** Only a derived blob was made from another one. */
function isOfDerived(fact: BlobFact): boolean {
  return fact.parent_id !== null
}

function triggerSourceOf(tenantId: string, fact: BlobFact, maker: NodeRow | undefined): TriggerSource {
  return {
    tenant_id: tenantId,
    blob_id: fact.blob_id,
    user_id: fact.user_id,
    event: fact.operation === 'create' ? 'blob.created' : 'blob.updated',
    content_type: fact.content_type,
    content_hash: fact.content_hash,
    size: fact.size,
    // A trigger that does not apply to what a provider wrote does not apply to what a user has changed of it.
    created_by: maker?.created_by ?? fact.created_by,
    ancestry: maker?.ancestry ?? [],
    root_id: fact.root_id,
    depth: fact.depth,
    providers: fact.providers,
  }
}

/** One fact a blob: the highest version. */
function newest(facts: readonly BlobFact[]): BlobFact[] {
  const latest = new Map<string, BlobFact>()
  for (const fact of facts) if (fact.version > (latest.get(fact.blob_id)?.version ?? 0)) latest.set(fact.blob_id, fact)
  return [...latest.values()]
}

function stillLive(known: ReadonlyMap<string, NodeRow>, news: readonly BlobFact[]): string[] {
  const moved = new Set(news.map((fact) => fact.blob_id))
  return [...known.values()].filter((node) => !isGone(node) && !moved.has(node.blob_id)).map((node) => node.blob_id)
}

/** Equal bytes make a version and no cascade; a blob that comes back from deletion has changed for all below it. */
function changedContent(fact: BlobFact, before: NodeRow | undefined): boolean {
  if (!before) return false
  return (
    before.state === 'deleted' || before.content_hash !== fact.content_hash || before.content_type !== fact.content_type
  )
}

function editedHead(fact: BlobFact): EditedHead {
  const { blob_id, version, content_hash, content_type, size } = fact
  const { state = null, generated = null } = fact.overlay ?? {}
  const isOutput = generated?.content_hash === content_hash && generated.content_type === content_type
  return {
    blob_id,
    version,
    content_hash,
    content_type,
    size,
    output_hash: isOutput ? null : (generated?.content_hash ?? null),
    output_type: isOutput ? null : (generated?.content_type ?? null),
    overlay: state,
  }
}

function causeFrom(fact: BlobFact): Cause {
  return { cascade_id: newId(), root_id: fact.blob_id, caused_by: fact.delta_id, traceparent: fact.traceparent }
}

/** Deletion of a source: what only it feeds is to be tombstoned in its cascade, what has other inputs is derived from those. */
async function takeAlong(graph: GraphTransaction, fact: BlobFact): Promise<string[]> {
  const { doomed, survivors } = doomedBelow([fact.blob_id], await graph.listEdgesBelow([fact.blob_id]))
  const cause = causeFrom(fact)
  const waiting = doomed.length > 0 ? await graph.markDoomed(cause, doomed) : 0
  const { readyRoots } = await markDirty(graph, {
    causes: [causeFrom(fact)],
    roots: [],
    seeds: survivors.map((id) => [id, 0] as const),
  })
  if (waiting === 0) return readyRoots
  await graph.addCascades([{ ...cause, nodes: waiting }])
  return [fact.blob_id]
}
