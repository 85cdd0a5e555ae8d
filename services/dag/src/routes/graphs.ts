import { Uuid, type dagApi } from '@studio/contracts'
import { requireInternalToken, validate, type createApp, type Handlers } from '@studio/http'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { drawGraph, type Picture } from '../domain/draw-graph.ts'
import { listChildren, readBelow, readProcessing, readRevision } from '../store/graph-reader.ts'
import { listRuns } from '../store/job-reader.ts'
import { cacheAnswered } from '../telemetry.ts'

/** Pictures of graphs are kept for five minutes, each as long as its tenant's graph has the revision that it was drawn at. One of 100,000 blobs takes 63 MiB. */
const pictures = { ttl: 5 * 60_000, maxBytes: 80 * 2 ** 20 }

export function graphRoutes({
  database,
  prisma,
}: Context): Pick<Handlers<typeof dagApi>, 'listChildren' | 'readProcessing' | 'listRuns'> {
  return {
    listChildren: async ({ tenant_id, blob_id }) => ({ blob_ids: await listChildren(database, tenant_id, blob_id) }),
    readProcessing: async ({ items }) => ({ items: await readProcessing(database, items) }),
    listRuns: async ({ tenant_id, blob_id, limit, before }) => ({
      runs: await listRuns(prisma, tenant_id, blob_id, limit, before),
    }),
  }
}

type App = ReturnType<typeof createApp>

const Owner = z.object({ 'studio-tenant': Uuid })

/**
 * The graph below a blob, whose size nothing bounds: the members of the answer as they go to the client, and in headers what the gateway has to know to complete
 * it. 204: dag knows no such blob.
 */
export function serveGraphs(app: App, { config, database }: Context): void {
  const cache = new LRUCache<string, { revision: number; picture: Omit<Picture, 'members'>; members: Buffer }>({
    maxSize: pictures.maxBytes,
    sizeCalculation: ({ members }) => members.length,
    ttl: pictures.ttl,
  })
  const read = async (tenantId: string, blobId: string) => {
    const revision = await readRevision(database, tenantId)
    const key = `${tenantId}/${blobId}`
    const kept = cache.get(key)
    cacheAnswered('graphs', kept?.revision === revision)
    if (kept?.revision === revision) return kept
    const drawn = drawGraph(blobId, await readBelow(database, tenantId, blobId))
    if (!drawn) return null
    const { members, ...picture } = drawn
    const made = { revision, picture, members: Buffer.from(members) }
    cache.set(key, made)
    return made
  }

  app.get('/internal/graphs/:id', requireInternalToken(config.STUDIO_INTERNAL_TOKEN), async (request, response) => {
    const { 'studio-tenant': tenantId } = validate(Owner, request.headers)
    const found = await read(tenantId, validate(Uuid, request.params['id']))
    if (!found) return void response.writeHead(204).end()
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-length': found.members.length,
      'studio-graph-settled': String(found.picture.isSettled),
      'studio-root-version': found.picture.rootVersion,
    })
    response.end(found.members)
  })
}
