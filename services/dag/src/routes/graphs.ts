import type { dagApi, Graph } from '@studio/contracts'
import type { Handlers } from '@studio/http'
import { LRUCache } from 'lru-cache'
import type { Context } from '../context.ts'
import { placeNodes } from '../domain/place-nodes.ts'
import { listChildren, readBelow, readProcessing, readRevision } from '../store/graph-reader.ts'
import { listRuns } from '../store/job-reader.ts'
import { cacheAnswered } from '../telemetry.ts'

/** Pictures of graphs are kept for five minutes, each as long as its tenant's graph has the revision that it was drawn at. */
const pictures = { ttl: 5 * 60_000, maxNodes: 50_000 }

export function graphRoutes(
  context: Context,
): Pick<Handlers<typeof dagApi>, 'readGraph' | 'listChildren' | 'readProcessing' | 'listRuns'> {
  const { database, prisma } = context
  const cache = new LRUCache<string, { revision: number; graph: Graph }>({
    maxSize: pictures.maxNodes,
    sizeCalculation: ({ graph }) => graph.nodes.length,
    ttl: pictures.ttl,
  })
  return {
    readGraph: async ({ tenant_id: tenantId, blob_id: blobId }) => {
      const revision = await readRevision(database, tenantId)
      const key = `${tenantId}/${blobId}`
      const kept = cache.get(key)
      cacheAnswered('graphs', kept?.revision === revision)
      if (kept?.revision === revision) return { graph: kept.graph }
      const { nodes, edges } = await readBelow(database, tenantId, blobId)
      if (nodes.length === 0) return { graph: null }
      const graph = draw(blobId, nodes, edges)
      cache.set(key, { revision, graph })
      return { graph }
    },
    listChildren: async ({ tenant_id, blob_id }) => ({ blob_ids: await listChildren(database, tenant_id, blob_id) }),
    readProcessing: async ({ items }) => ({ items: await readProcessing(database, items) }),
    listRuns: async ({ tenant_id, blob_id, limit, before }) => ({
      runs: await listRuns(prisma, tenant_id, blob_id, limit, before),
    }),
  }
}

function draw(rootId: string, nodes: readonly Omit<Graph['nodes'][number], 'level'>[], edges: Graph['edges']): Graph {
  const stored = nodes.map((node) => ({
    ...node,
    last_run_at: node.last_run_at && new Date(node.last_run_at).toISOString(),
  }))
  return {
    root_id: rootId,
    ...placeNodes(stored, edges),
    edges,
    settled: nodes.every((node) => node.state !== 'dirty' && node.state !== 'running'),
  }
}
