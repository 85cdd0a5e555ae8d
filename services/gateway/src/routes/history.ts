import { ListDeltasQuery, ListVersionsQuery, NoQuery, ReadVersionQuery, type VersionResource } from '@studio/contracts'
import { validate } from '@studio/http'
import { StudioError } from '@studio/kernel'
import type { Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { entityTagOf } from '../domain/entity-tag.ts'
import { deltaResource, embedContent } from '../domain/resources.ts'
import { answerData, answerPage, immutable, notModified } from './answer.ts'
import { readContent, sendContent } from './content.ts'
import { findBlob, findVersion, idFrom } from './find-blob.ts'

/** Versions and deltas. They outlive the deletion of their blob, so that it can be brought back. */
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
    if (notModified(request, response, entityTagOf(version), immutable)) return
    const resource: VersionResource = { ...version }
    if (include.includes('content') && version.operation !== 'delete') {
      Object.assign(
        resource,
        embedContent(version.content_type, await readContent(context, principal, version.content_hash)),
      )
    }
    answerData(response, 200, resource)
  })

  router.get('/blobs/:id/versions/:version/content', async (request, response) => {
    validate(NoQuery, request.query)
    const principal = principalOf(response)
    const version = await findVersion(context, principal, idFrom(request.params.id), request.params.version)
    if (version.operation === 'delete')
      throw new StudioError('blob_deleted', 'This version is the deletion; the one before it has the content.')
    await sendContent(context, principal, request, response, version, immutable)
  })

  router.get('/blobs/:id/deltas', async (request, response) => {
    const { limit, after, status } = validate(ListDeltasQuery, request.query)
    const principal = principalOf(response)
    const blob_id = idFrom(request.params.id)
    const [, { deltas, next }] = await Promise.all([
      findBlob(context, principal, blob_id),
      context.deltaEngine.call('listDeltas', { tenant_id: principal.tenant_id, blob_id, limit, before: after, status }),
    ])
    answerPage(response, deltas.map(deltaResource), next)
  })

  router.get('/deltas/:id', async (request, response) => {
    validate(NoQuery, request.query)
    const notFound = () =>
      new StudioError('delta_not_found', 'Check the id, and that the token is of the tenant that owns the delta.')
    const delta_id = idFrom(request.params.id, notFound)
    const { delta } = await context.deltaEngine.call('readDelta', {
      tenant_id: principalOf(response).tenant_id,
      delta_id,
    })
    if (!delta) throw notFound()
    answerData(response, 200, deltaResource(delta))
  })
}
