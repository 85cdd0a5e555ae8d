import { ListBlobsQuery, ReadBlobQuery, ReadContentQuery } from '@studio/contracts'
import { validate } from '@studio/http'
import type { Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { entityTagOf } from '../domain/entity-tag.ts'
import { refused } from '../domain/json-text.ts'
import { blobResource, processedBy, publishedResource } from '../domain/resources.ts'
import { answerData, answerPage, answerWithContent, notModified, revalidate, tellRevision } from './answer.ts'
import { readContent, sendContent } from './content.ts'
import { findBlobAsOf, idFrom } from './find-blob.ts'

export function readBlobRoutes(router: Router, context: Context): void {
  router.get('/blobs/:id', async (request, response) => {
    const { include, ...past } = validate(ReadBlobQuery, request.query)
    if (
      include.includes('processing') &&
      ((past.version !== undefined && past.version !== 'head') || past.at !== undefined)
    )
      throw refused('/include', 'has processing for the head only')
    const principal = principalOf(response)
    const blob_id = idFrom(request.params.id)
    const [found, standing] = await Promise.all([
      findBlobAsOf(context, principal, blob_id, past),
      include.includes('processing')
        ? context.dag.one('readProcessing', { tenant_id: principal.tenant_id, blob_id })
        : undefined,
    ])
    // How providers stand changes without a new version: no tag speaks for that.
    const { blob, published } = found
    tellRevision(response, published)
    if (!standing && notModified(request, response, entityTagOf(blob, published), revalidate)) return
    const resource = published ? publishedResource(found) : blobResource(blob)
    if (standing) resource.processed_by = processedBy(standing.processing)
    if (!include.includes('content')) return answerData(response, 200, resource)
    const bytes = await readContent(context, principal, blob.content_hash)
    await answerWithContent(context, response, resource, blob.content_type, bytes)
  })

  router.get('/blobs/:id/content', async (request, response) => {
    const past = validate(ReadContentQuery, request.query)
    const principal = principalOf(response)
    const { blob, published } = await findBlobAsOf(context, principal, idFrom(request.params.id), past)
    tellRevision(response, published)
    await sendContent(context, principal, request, response, blob, revalidate)
  })

  router.get('/blobs', async (request, response) => {
    const { version, ...query } = validate(ListBlobsQuery, request.query)
    const wanted = { tenant_id: principalOf(response).tenant_id, ...query }
    if (version === 'head') {
      const { blobs, next } = await context.blob.call('listBlobs', wanted)
      return answerPage(response, blobs.map(blobResource), next)
    }
    const { blobs, next } = await context.blob.call('listPublished', wanted)
    answerPage(response, blobs.map(publishedResource), next)
  })
}
