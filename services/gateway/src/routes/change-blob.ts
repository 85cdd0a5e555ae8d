import { ChangeQuery, RevertBlob, UpdateBlob } from '@studio/contracts'
import { readJson, validate } from '@studio/http'
import { essenceOf, parseContentType, StudioError } from '@studio/kernel'
import type { Request, Response, Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { refused } from '../domain/json-text.ts'
import { acceptedPatches, patchTypeOf } from '../domain/patch-format.ts'
import { answerAccepted } from './answer-change.ts'
import { contentOfBody, keepingOf, replacement, type Keeping } from './content.ts'
import { readEnvelope } from './envelope.ts'
import { idFrom } from './find-blob.ts'
import { metadataOfHeader } from './metadata.ts'
import { readPatch } from './patch-text.ts'
import { revertOf, updateOf } from './submission-of.ts'
import { submit, type Submission } from './submit.ts'

export function changeBlobRoutes(router: Router, context: Context): void {
  router.patch('/blobs/:id', async (request, response) => {
    const query = validate(ChangeQuery, request.query)
    const submission = await updateOfBody(context, request, response, idFrom(request.params.id), keepingOf(query))
    await answerAccepted(
      context,
      response,
      200,
      submission,
      await submit(context, request, response, submission, query),
    )
  })

  router.put('/blobs/:id/content', async (request, response) => {
    const query = validate(ChangeQuery, request.query)
    const blob_id = idFrom(request.params.id)
    const declared = request.headers['content-type']
    const content_type = declared === undefined ? undefined : parseContentType(declared)
    const metadata = metadataOfHeader(context, request)
    const content = await contentOfBody(context, principalOf(response), request, keepingOf(query))
    const submission: Submission = {
      blob_id,
      operation: 'update',
      ...replacement(content, content_type),
      metadata,
    }
    await answerAccepted(
      context,
      response,
      200,
      submission,
      await submit(context, request, response, submission, query),
    )
  })

  router.delete('/blobs/:id', async (request, response) => {
    const query = validate(ChangeQuery, request.query)
    if (Number(request.headers['content-length'] ?? 0) > 0 || request.headers['transfer-encoding'] !== undefined)
      throw refused('', 'must be empty: a deletion takes If-Match or the parameter from_version')
    const submission: Submission = { blob_id: idFrom(request.params.id), operation: 'delete' }
    await answerAccepted(
      context,
      response,
      200,
      submission,
      await submit(context, request, response, submission, query),
    )
  })

  router.post('/blobs/:id/revert', async (request, response) => {
    const query = validate(ChangeQuery, request.query)
    const blob_id = idFrom(request.params.id)
    const envelope = validate(RevertBlob, await readJson(request, { limitBytes: context.limits.request }))
    const submission = revertOf(blob_id, envelope)
    await answerAccepted(
      context,
      response,
      200,
      submission,
      await submit(context, request, response, submission, query),
    )
  })
}

/** The change that a PATCH asks for; its content type says how it is written. */
export async function updateOfBody(
  context: Context,
  request: Request,
  response: Response,
  blob_id: string,
  keeping: Keeping,
): Promise<Submission> {
  const contentType = request.headers['content-type'] ?? ''
  if (essenceOf(contentType) === 'application/json') {
    const envelope = await readEnvelope(context, request, UpdateBlob)
    return updateOf(context, principalOf(response), blob_id, envelope, keeping)
  }
  const type = patchTypeOf(contentType)
  if (type !== undefined) return { blob_id, operation: 'update', change: await readPatch(context, request, type) }
  response.setHeader('Accept-Patch', acceptedPatches)
  throw new StudioError('unsupported_media_type', `Send one of ${acceptedPatches}; PUT …/content takes raw bytes.`)
}
