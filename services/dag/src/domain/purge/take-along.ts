import type { VersionReference } from '@studio/contracts'
import type { GraphTransaction } from '../ports.ts'

/**
 * Takes what blob has taken along with purged versions: tombstones and users' changes that were made on those since, with content of theirs. Answers whether there is a user's of which the
 * graph has not heard yet: what it will hear is to be erased, so that is to be asked again.
 */
export async function takeAlong(
  graph: GraphTransaction,
  purgeId: string,
  along: readonly (VersionReference & { created_by: string })[],
): Promise<boolean> {
  const ids = [...new Set(along.map(({ blob_id }) => blob_id))]
  const heads = new Map((await graph.readNodes(ids)).map(({ blob_id, version }) => [blob_id, version]))
  const heard = along.filter(
    ({ blob_id, version, created_by }) => created_by !== 'user' || version <= (heads.get(blob_id) ?? 0),
  )
  await graph.purging.addVersions(purgeId, heard)
  await graph.purging.eraseRecords(purgeId, ids)
  return heard.length < along.length
}
