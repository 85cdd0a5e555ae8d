import type { Database } from '@studio/database'
import { LRUCache } from 'lru-cache'
import { drawNodes, outlineGraph, type Outline, type Picture } from './domain/draw-graph.ts'
import { readChangedNodes, readOutline, readProgress, type Progress } from './store/graph-reader.ts'
import { cacheAnswered } from './telemetry.ts'

interface Kept {
  readonly progress: Progress
  readonly outline: Outline
  readonly picture: Picture
}

/** A graph as it is answered: members of a JSON object (`root_id`, `nodes`, `edges`, `levels`) in parts, and what the gateway has to know to complete it. */
export interface DrawnGraph {
  readonly members: readonly Buffer[]
  readonly isSettled: boolean
  readonly rootVersion: number
}

/** Pictures are kept for five minutes, up to this size in all: that of one graph of 100,000 blobs is 68 MiB. */
const limits = { ttl: 5 * 60_000, maxSize: 80 * 2 ** 20 }

/**
 * Pictures of the graphs below blobs. One that is kept is brought up to date by what has been written since: its nodes alone, unless edges of its tenant have
 * changed, and nothing at all while its tenant's graph stands still. The function answers null for a blob that the tenant does not have.
 */
export function createPictures(database: Database): (tenantId: string, blobId: string) => Promise<DrawnGraph | null> {
  const cache = new LRUCache<string, Kept>({ ...limits, sizeCalculation: sizeOf })
  const read = async (tenantId: string, blobId: string): Promise<Kept | null> => {
    const progress = await readProgress(database, tenantId)
    const key = `${tenantId}/${blobId}`
    const kept = cache.get(key)
    const isCurrent = kept?.progress.revision === progress.revision
    cacheAnswered('graphs', isCurrent)
    if (isCurrent) return kept
    const before = kept && isSameOutline(kept.progress, progress) ? kept : null
    const outline = before?.outline ?? outlineGraph(blobId, await readOutline(database, tenantId, blobId))
    if (outline === null) return null
    const lines = await readChangedNodes(database, tenantId, outline.ids, before?.progress.oldestOpen ?? null)
    const drawn = { progress, outline, picture: drawNodes(outline, lines, before?.picture) }
    cache.set(key, drawn)
    return drawn
  }
  return async (tenantId, blobId) => {
    const found = await read(tenantId, blobId)
    if (found === null) return null
    const { outline, picture } = found
    return {
      members: [outline.begin, picture.nodes, outline.end],
      isSettled: picture.isSettled,
      rootVersion: picture.rootVersion,
    }
  }
}

/** A revision that is lower than before is that of a database which was restored: transactions of then say nothing now. */
function isSameOutline(before: Progress, now: Progress): boolean {
  return before.edgesRevision === now.edgesRevision && before.revision < now.revision
}

function sizeOf({ outline, picture }: Kept): number {
  return (
    outline.ids.length +
    outline.levels.byteLength +
    outline.begin.length +
    outline.end.length +
    picture.nodes.length +
    picture.ends.byteLength +
    picture.unsettled.length
  )
}
