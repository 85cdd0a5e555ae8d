import { ListVersionsQuery, NoQuery, ReadVersionQuery } from '@studio/contracts'
import { validate } from '@studio/http'
import { StudioError } from '@studio/kernel'
import type { Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { entityTagOf } from '../domain/entity-tag.ts'
import { answerData, answerPage, answerWithContent, immutable, notModified } from './answer.ts'
import { readContent, sendContent } from './content.ts'
import { findBlob, findVersion, idFrom } from './find-blob.ts'

/** Versions. They outlive the deletion of their blob, so that it can be brought back. */
export function historyRoutes(router: Router, context: Context): void {
  router.get('/blobs/:id/versions', async (request, response) => {
    const { limit, after } = validate(ListVersionsQuery, request.query)
    const principal = principalOf(response)
    const blob_id = idFrom(request.params.id)
    const [, { versions, next }] = await Promise.all([
      findBlob(context, principal, blob_id),
      context.blob.call('listVersions', { tenant_id: principal.tenant_id, blob_id, limit, before: after }),
    ])
    answerPage(response, versions, next)
  })

  router.get('/blobs/:id/versions/:version', async (request, response) => {
    const { include } = validate(ReadVersionQuery, request.query)
    const principal = principalOf(response)
    const version = await findVersion(context, principal, idFrom(request.params.id), request.params.version)
    // What the provider has made may still move on, without a version.
    if (version.overlay === null && notModified(request, response, entityTagOf(version), immutable)) return
    if (!include.includes('content') || version.operation === 'delete') return answerData(response, 200, version)
    const bytes = await readContent(context, principal, version.content_hash)
    await answerWithContent(context, response, version, version.content_type, bytes)
  })

  router.get('/blobs/:id/versions/:version/content', async (request, response) => {
    validate(NoQuery, request.query)
    const principal = principalOf(response)
    const version = await findVersion(context, principal, idFrom(request.params.id), request.params.version)
    if (version.operation === 'delete')
      throw new StudioError('blob_deleted', 'This version is the deletion; the one before it has the content.')
    await sendContent(context, principal, request, response, version, immutable)
  })
}
