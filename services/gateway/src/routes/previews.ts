import { PreviewQuery, type PreviewedContent } from '@studio/contracts'
import { validate } from '@studio/http'
import { StudioError } from '@studio/kernel'
import type { Request, Response, Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { answerData } from './answer.ts'
import { updateOfBody } from './change-blob.ts'
import { blobNotFound, findLiveBlob, idFrom } from './find-blob.ts'
import { isEmpty } from './is-empty.ts'
import { submit } from './submit.ts'

/** What a change would cost. */
export function previewRoutes(router: Router, context: Context): void {
  router.post('/blobs/:id/preview', async (request, response) => {
    const { tenant_id } = principalOf(response)
    const blob_id = idFrom(request.params.id)
    const change = await plannedContent(context, request, response, blob_id)
    const { preview } = await context.dag.call('preview', { tenant_id, blob_id, change })
    if (!preview) throw blobNotFound()
    answerData(response, 200, preview)
  })
}

/** What the blob would hold after the change in the body, by a dry run; null for an empty body. */
async function plannedContent(
  context: Context,
  request: Request,
  response: Response,
  blob_id: string,
): Promise<PreviewedContent | null> {
  const query = validate(PreviewQuery, request.query)
  if (isEmpty(request)) {
    await findLiveBlob(context, principalOf(response), blob_id)
    return null
  }
  const submission = await updateOfBody(context, request, response, blob_id, 'apart')
  const outcome = await submit(context, request, response, submission, { ...query, dry_run: true })
  if (outcome.status !== 'planned') throw new StudioError('internal_error', 'A preview was taken for a change.')
  const { content_hash, content_type, size, content } = outcome.plan
  if (content_hash === null || content_type === null || size === null) throw blobNotFound()
  const text = content && Buffer.from(content.base64, 'base64').toString('utf8')
  return { content_hash, content_type, size, text }
}
