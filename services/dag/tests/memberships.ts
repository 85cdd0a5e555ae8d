import { allNodes, type World } from './graph-world.ts'

interface Cascade {
  id: string
  root_id: string
  caused_by: string | null
  started_at: Date
  settled_at: Date | null
  cancelled_at: Date | null
}

/** What a cascade waits for, as its change is seen from outside: nodes, each with the first epoch whose end takes the change in. */
type Waiting = Map<string, number>

/**
 * Looks at a world after each step, and holds each cascade of an edit to this: it has not settled before each node below its root that it made dirty has ended once, by a run
 * that began after the edit, or without one. A newer edit of the same root takes over; whose cascade the row of a node names plays no part.
 */
export function watchMemberships(world: World): () => Promise<void> {
  const waiting = new Map<string, Waiting>()
  const newestOf = new Map<string, string>()
  return async () => {
    const nodes = new Map((await allNodes(world)).map((node) => [node.blob_id, node]))
    const cascades = await world.database.query<Cascade>(
      'cascades-in-order',
      'select id, root_id, caused_by, started_at, settled_at, cancelled_at from cascade where tenant_id = $1 order by started_at, id',
      [world.tenantId],
    )
    const runs = await world.database.query<{ blob_id: string; epoch: number }>(
      'ends-of-runs',
      'select blob_id, max(epoch) as epoch from run where tenant_id = $1 group by blob_id',
      [world.tenantId],
    )
    const lastRun = new Map(runs.map(({ blob_id, epoch }) => [blob_id, epoch]))
    for (const { id, root_id, caused_by } of cascades) {
      if (caused_by === null || waiting.has(id)) continue
      const before = newestOf.get(root_id)
      if (before !== undefined) waiting.set(before, new Map())
      newestOf.set(root_id, id)
      const wanted: Waiting = new Map()
      for (const blobId of await below(world, root_id)) {
        const node = nodes.get(blobId)
        if (node && !node.doomed && (node.state === 'dirty' || node.state === 'running'))
          wanted.set(blobId, node.again_cascade_id === null ? node.epoch : node.epoch + 1)
      }
      waiting.set(id, wanted)
    }
    for (const { id, settled_at, cancelled_at } of cascades) {
      const wanted = waiting.get(id) ?? new Map<string, number>()
      for (const [blobId, epoch] of wanted) {
        const node = nodes.get(blobId)
        const isOpen = node && !node.doomed && (node.state === 'dirty' || node.state === 'running')
        if (!isOpen || (lastRun.get(blobId) ?? -1) >= epoch) wanted.delete(blobId)
      }
      if (cancelled_at !== null) wanted.clear()
      const told = [id, [...wanted.keys()]]
      if (settled_at !== null) expect(told).toEqual([id, []])
    }
  }
}

async function below(world: World, rootId: string): Promise<string[]> {
  const rows = await world.database.query<{ blob_id: string }>(
    'all-below',
    `with recursive below(blob_id) as (
       select $1::uuid union select edge.target_id from below join edge on edge.source_id = below.blob_id and edge.valid_to is null)
     select blob_id from below where blob_id <> $1`,
    [rootId],
  )
  return rows.map((row) => row.blob_id)
}
