import type { ClaimInput } from '@studio/contracts'
import { allNodes, type World } from './graph-world.ts'

interface Seen {
  blob_id: string
  /** 0: readers see nothing of it yet. */
  version: number
  content_hash: string | null
  /** null: this version was no head. */
  deleted: boolean | null
}

/**
 * Looks at what readers see after each step, and holds it to this: whatever is published was a head, and each derived version was made, or found to be right again, of the
 * published contents of its inputs. `atRest`: where all that is connected has settled, it is the newest.
 */
export function watchPublications(world: World): (atRest?: boolean) => Promise<void> {
  return async (atRest = false) => {
    const rows = await world.database.query<Seen>(
      'all-published',
      `select published.blob_id, published.version, head.content_hash, head.deleted from published
       left join head on head.blob_id = published.blob_id and head.version = published.version
       where published.tenant_id = $1 and not published.released`,
      [world.tenantId],
    )
    for (const { blob_id, version, deleted } of rows)
      expect([blob_id, version, version === 0 || deleted !== null]).toEqual([blob_id, version, true])
    const seen = new Map(rows.map((row) => [row.blob_id, row]))
    const inputs = await world.database.query<{ blob_id: string; input_ids: string[]; inputs: ClaimInput[] }>(
      'runs-of-published',
      `select published.blob_id, published.input_ids, run.inputs from published join run on run.blob_id = published.blob_id and run.outcome in ('version', 'cutoff', 'memo')
       where published.tenant_id = $1 and not published.released and published.version > 0`,
      [world.tenantId],
    )
    for (const blobId of new Set(inputs.map(({ blob_id }) => blob_id))) {
      const runs = inputs.filter(({ blob_id }) => blob_id === blobId)
      const wanted = (runs[0]?.input_ids ?? []).flatMap((id) => {
        const input = seen.get(id)
        return input?.deleted === false ? [`${id} ${input.content_hash}`] : []
      })
      if (seen.get(blobId)?.deleted !== false) continue
      const fitting = runs.filter((run) => {
        const read = run.inputs.map(({ blob_id, content_hash }) => `${blob_id} ${content_hash}`)
        return wanted.every((one) => read.includes(one))
      })
      expect([blobId, wanted, fitting.length > 0]).toEqual([blobId, wanted, true])
    }
    if (!atRest) return
    const nodes = await allNodes(world)
    if (nodes.some(({ state }) => state !== 'settled' && state !== 'deleted')) return
    const newest = new Map(nodes.map(({ blob_id, version }) => [blob_id, version]))
    for (const { blob_id, version } of rows) expect([blob_id, version]).toEqual([blob_id, newest.get(blob_id)])
  }
}
