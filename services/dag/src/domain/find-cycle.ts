import type { InputEdge } from './ports.ts'

/**
 * The way from a blob down to one of these, over the edges below it, as blob ids from the first to the last; null where there is none. Were
 * one of `feeding` to feed the blob, this would close to a cycle.
 */
export function findCycle(
  blobId: string,
  feeding: readonly string[],
  edgesBelow: readonly Pick<InputEdge, 'source_id' | 'target_id'>[],
): string[] | null {
  const wanted = new Set(feeding)
  const targets = Map.groupBy(edgesBelow, ({ source_id }) => source_id)
  const cameFrom = new Map<string, string | null>([[blobId, null]])
  // A Map goes on to what is added while it is walked: breadth first, so that the shortest way is told.
  for (const id of cameFrom.keys()) {
    if (wanted.has(id)) return wayTo(id, cameFrom)
    for (const { target_id } of targets.get(id) ?? []) if (!cameFrom.has(target_id)) cameFrom.set(target_id, id)
  }
  return null
}

function wayTo(blobId: string, cameFrom: ReadonlyMap<string, string | null>): string[] {
  const way: string[] = []
  for (let at: string | null | undefined = blobId; at; at = cameFrom.get(at)) way.unshift(at)
  return way
}
