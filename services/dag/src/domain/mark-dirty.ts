import type { Cause, GraphTransaction, MarkedNode } from './ports.ts'
import { ringFor } from './cascade-slots.ts'

/** What has changed: with `roots` everything below becomes dirty, `seeds` are themselves to be derived (each with the index of its cause). */
export interface Dirt {
  causes: readonly Cause[]
  roots: readonly (readonly [blobId: string, causeIndex: number])[]
  seeds: readonly (readonly [blobId: string, causeIndex: number])[]
}

/**
 * Marks all that a change makes stale and opens the cascades of that change; answers the roots below which something is ready to run.
 * Causes below which nothing is stale open no cascade.
 */
export async function markDirty(
  graph: GraphTransaction,
  dirt: Dirt,
): Promise<{ marked: MarkedNode[]; readyRoots: string[] }> {
  if (dirt.roots.length === 0 && dirt.seeds.length === 0) return { marked: [], readyRoots: [] }
  const marked = await graph.markDirty(dirt.causes, dirt.roots, dirt.seeds)
  if (marked.length === 0) return { marked, readyRoots: [] }
  const hindered = marked.filter((node) => node.hindered)
  if (hindered.length > 0) await graph.blockBelow(hindered.map((node) => node.blob_id))

  const counts = new Map<number, number>()
  for (const { cause_index, cause_indexes } of marked)
    for (const index of cause_indexes ?? [cause_index]) counts.set(index, (counts.get(index) ?? 0) + 1)
  const opened = [...counts].flatMap(([index, nodes]) => {
    const cause = dirt.causes[index]
    return cause ? [{ ...cause, nodes }] : []
  })
  await graph.addCascades(opened)
  const ready = new Set(marked.filter((node) => node.ready).map((node) => node.cause_index))
  return { marked, readyRoots: [...ready].flatMap((index) => dirt.causes[index]?.root_id ?? []) }
}

/** Makes the nodes of claims ready again, all of them or those whose lease is over; answers which. */
export async function returnWork(
  graph: GraphTransaction,
  claimIds: readonly string[],
  which: 'all' | 'expired',
): Promise<string[]> {
  const returned = await graph.returnClaims(claimIds, which)
  // They may have been claimed with what they wait for, which may have failed by now, or been cancelled.
  if (returned.length > 0) await graph.blockBelow(returned)
  await takeAgain(graph, returned)
  return returned
}

/** Nodes that were left to end their runs though something newer came: they are derived again. Answers how many are ready. */
export async function takeAgain(graph: GraphTransaction, blobIds: readonly string[]): Promise<number> {
  const again = await graph.markAgain(blobIds)
  const waiting = again.filter((node) => !node.ready)
  if (waiting.length > 0) await graph.blockBelow(waiting.map((node) => node.blob_id))
  return again.length - waiting.length
}

/**
 * Work is ready below these roots: keeps in the tenant's row which cascade workflows are told so, and answers those that have to be rung
 * once the transaction is committed.
 */
export function ringCascades(graph: GraphTransaction, rootIds: readonly string[]): string[] {
  const rung: string[] = []
  let slots = [...graph.cascadeSlots]
  for (const rootId of rootIds) {
    const next = ringFor(slots, rootId)
    slots = next.slots
    if (next.ring !== null) rung.push(next.ring)
  }
  if (rung.length > 0) graph.saveCascadeSlots(slots)
  return [...new Set(rung)]
}
