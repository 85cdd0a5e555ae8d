import { Sha256, Uuid } from '@studio/contracts'
import { readBody, requireInternalToken, validate } from '@studio/http'
import { StudioError } from '@studio/kernel'
import type { Express } from 'express'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { contentStaged } from '../telemetry.ts'

const Owner = z.object({ 'studio-tenant': Uuid })

/** The two routes on which bytes go as they are: staging and download. */
export function serveContents(app: Express, { config, log, store }: Context): void {
  const guard = requireInternalToken(config.STUDIO_INTERNAL_TOKEN)

  app.put('/internal/contents', guard, async (request, response) => {
    const { 'studio-tenant': tenantId } = validate(Owner, request.headers)
    const bytes = await readBody(request, config.STUDIO_MAX_BLOB_BYTES)
    const staged = await store.stageContent(tenantId, bytes)
    contentStaged(log, tenantId, staged)
    response.status(200).json(staged)
  })

  app.get('/internal/contents/:hash', guard, async (request, response) => {
    const { 'studio-tenant': tenant_id } = validate(Owner, request.headers)
    const hash = validate(Sha256, request.params['hash'])
    const [bytes] = await store.readContents([{ tenant_id, hash }])
    if (!bytes) throw new StudioError('content_not_found')
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length })
    response.end(bytes)
  })
}
