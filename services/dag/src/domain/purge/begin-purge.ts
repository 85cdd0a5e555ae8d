import { newId } from '@studio/kernel'
import { doomedBelow } from '../doom.ts'
import { markDirty, ringCascades, takeAgain } from '../mark-dirty.ts'
import type { GraphTransaction } from '../ports.ts'
import { judgeVersions } from './judge-versions.ts'
import type { OpenPurge } from './ports.ts'

/**
 * Decides what goes: the blob with all that nothing but purged blobs feeds, whole; of what else it has ever fed the versions that were derived from it. In one
 * transaction the graph forgets their contents, and every run that may have read them is taken away under a new epoch: what is claimed from here on reads
 * nothing of it. False where the deletion is not done yet. Answers the cascades to ring.
 */
export async function beginPurge(graph: GraphTransaction, purge: OpenPurge): Promise<{ ring: string[] } | null> {
  const { purging } = graph
  if (!(await purging.isWaiting(purge.id))) return { ring: [] }
  const edges = await purging.listEdgesBelow([purge.blob_id])
  const whole = [purge.blob_id, ...doomedBelow([purge.blob_id], edges).doomed]
  const nodes = await graph.readNodes(whole)
  const source = nodes.find(({ blob_id }) => blob_id === purge.blob_id)
  const isDeleted = nodes.length === whole.length && nodes.every(({ state }) => state === 'deleted')
  if (!isDeleted || source === undefined || source.version < purge.version) return null

  const fed = await purging.listFed(whole)
  // What was left to end its run is derived anew for the change that came meanwhile.
  await takeAgain(graph, fed)
  await purging.retake(fed)
  // They may have been claimed with what they wait for, which may have failed by now, or been cancelled.
  await graph.blockBelow(fed)
  const derived = judgeVersions(await purging.listKnown(fed), await purging.listMakings(fed), new Set(whole))
  await purging.begin(purge.id, whole)
  await purging.addVersions(purge.id, derived)
  await purging.eraseRecords(purge.id, [...whole, ...fed])
  return { ring: await deriveAnew(graph, purge, derived) }
}

/** A blob whose present version goes though its inputs are all there (it was rewired to the same content since) is derived from those. */
async function deriveAnew(
  graph: GraphTransaction,
  { blob_id: root_id }: OpenPurge,
  derived: readonly { blob_id: string; version: number }[],
): Promise<string[]> {
  const heads = await graph.readNodes([...new Set(derived.map(({ blob_id }) => blob_id))])
  const versions = new Set(derived.map(({ blob_id, version }) => `${blob_id} ${version}`))
  const seeds = heads.filter(
    ({ blob_id, version, state }) => state === 'settled' && versions.has(`${blob_id} ${version}`),
  )
  const cause = { cascade_id: newId(), root_id, caused_by: null, traceparent: null }
  await markDirty(graph, {
    causes: [cause],
    roots: [],
    seeds: seeds.map(({ blob_id }) => [blob_id, 0] as const),
  })
  return (await graph.hasReady()) ? ringCascades(graph, [root_id]) : []
}
