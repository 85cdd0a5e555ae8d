import { Uuid, type dagApi } from '@studio/contracts'
import { requireInternalToken, validate, type createApp, type Handlers } from '@studio/http'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { createPictures } from '../pictures.ts'
import { listChildren, readProcessing } from '../store/graph-reader.ts'
import { listRuns } from '../store/job-reader.ts'

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
  const pictureOf = createPictures(database)
  app.get('/internal/graphs/:id', requireInternalToken(config.STUDIO_INTERNAL_TOKEN), async (request, response) => {
    const { 'studio-tenant': tenantId } = validate(Owner, request.headers)
    const found = await pictureOf(tenantId, validate(Uuid, request.params['id']))
    if (!found) return void response.writeHead(204).end()
    const { members, isSettled, rootVersion } = found
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-length': members.reduce((length, part) => length + part.length, 0),
      'studio-graph-settled': String(isSettled),
      'studio-root-version': rootVersion,
    })
    for (const part of members) response.write(part)
    response.end()
  })
}
