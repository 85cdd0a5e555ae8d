import type { VersionReference } from '@studio/contracts'
import { transformDeltaId } from '@studio/kernel'
import type { GraphTransaction } from '../ports.ts'

/**
 * Providers' versions that blob has and the graph did not know when it was asked: an attempt wrote them and died, or was overtaken, before it settled. What nobody can tell the making
 * of goes. Not so what the present run of a node writes, nor what has settled since: they read nothing that was purged. Where only its worker knows the key of that run, the
 * newest version of the blob may be its: that is to be asked again when it has ended. Answers whether there is such a one.
 */
export async function judgeUnknown(
  graph: GraphTransaction,
  purgeId: string,
  unknown: readonly (VersionReference & { delta_id: string })[],
): Promise<boolean> {
  const ids = [...new Set(unknown.map(({ blob_id }) => blob_id))]
  const nodes = new Map((await graph.readNodes(ids)).map((node) => [node.blob_id, node]))
  const known = new Set((await graph.purging.listKnown(ids)).map(({ blob_id, version }) => `${blob_id} ${version}`))
  const newest = new Map<string, number>()
  for (const { blob_id, version } of unknown) newest.set(blob_id, Math.max(version, newest.get(blob_id) ?? 0))
  const unmade = unknown.filter(({ blob_id, version, delta_id }) => {
    const node = nodes.get(blob_id)
    const isPresent = node !== undefined && transformDeltaId(blob_id, node.epoch, node.key ?? '') === delta_id
    return !isPresent && !known.has(`${blob_id} ${version}`)
  })
  const mayBePresent = ({ blob_id, version }: VersionReference): boolean =>
    nodes.get(blob_id)?.state === 'running' && newest.get(blob_id) === version
  const lost = unmade.filter((one) => !mayBePresent(one))
  await graph.purging.addVersions(purgeId, lost)
  await graph.purging.eraseRecords(purgeId, ids)
  return lost.length < unmade.length
}
