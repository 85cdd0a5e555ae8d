import { ChangeQuery, NoQuery, RevertBlob, UpdateBlob, type Blob } from '@studio/contracts'
import { readJson, validate } from '@studio/http'
import { essenceOf, parseContentType, StudioError } from '@studio/kernel'
import type { Request, Response, Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { entityTagOf } from '../domain/entity-tag.ts'
import { refused } from '../domain/json-text.ts'
import { jsonPatch, mergePatch } from '../domain/patch.ts'
import { blobResource } from '../domain/resources.ts'
import { answerData } from './answer.ts'
import { contentOfBody, contentOfEnvelope } from './content.ts'
import { idFrom } from './find-blob.ts'
import { checkMetadata, metadataOfHeader } from './metadata.ts'
import { submit, type Submission } from './submit.ts'

const acceptedPatches = 'application/json-patch+json, application/merge-patch+json, application/json'

export function changeBlobRoutes(router: Router, context: Context): void {
  router.patch('/blobs/:id', async (request, response) => {
    validate(NoQuery, request.query)
    const submission = await update(context, request, response, idFrom(request.params.id))
    answerChanged(response, await submit(context, request, response, submission))
  })

  router.put('/blobs/:id/content', async (request, response) => {
    const { from_version } = validate(ChangeQuery, request.query)
    const blob_id = idFrom(request.params.id)
    const declared = request.headers['content-type']
    const content_type = declared === undefined ? undefined : parseContentType(declared)
    const metadata = metadataOfHeader(context, request)
    const content = await contentOfBody(context, principalOf(response), request)
    answerChanged(
      response,
      await submit(context, request, response, {
        blob_id,
        operation: 'update',
        change: { format: 'replace', content, content_type },
        metadata,
        from_version,
      }),
    )
  })

  router.delete('/blobs/:id', async (request, response) => {
    const { from_version } = validate(ChangeQuery, request.query)
    if (Number(request.headers['content-length'] ?? 0) > 0 || request.headers['transfer-encoding'] !== undefined)
      throw refused('', 'must be empty: a deletion takes If-Match or the parameter from_version')
    answerChanged(
      response,
      await submit(context, request, response, {
        blob_id: idFrom(request.params.id),
        operation: 'delete',
        from_version,
      }),
    )
  })

  router.post('/blobs/:id/revert', async (request, response) => {
    validate(NoQuery, request.query)
    const blob_id = idFrom(request.params.id)
    const { to_version, from_version } = validate(
      RevertBlob,
      await readJson(request, { limitBytes: context.limits.request }),
    )
    answerChanged(
      response,
      await submit(context, request, response, { blob_id, operation: 'revert', revert_to: to_version, from_version }),
    )
  })
}

function answerChanged(response: Response, blob: Blob): void {
  response.setHeader('ETag', entityTagOf(blob))
  answerData(response, 200, blobResource(blob))
}

/** The change that a PATCH asks for; its content type says how it is written. */
async function update(context: Context, request: Request, response: Response, blob_id: string): Promise<Submission> {
  const { patch: limitBytes } = context.limits
  switch (essenceOf(request.headers['content-type'] ?? '')) {
    case 'application/json-patch+json':
      return { blob_id, operation: 'update', change: jsonPatch(await readJson(request, { limitBytes })) }
    case 'application/merge-patch+json':
      return { blob_id, operation: 'update', change: mergePatch(await readJson(request, { limitBytes })) }
    case 'application/json':
      return fromEnvelope(context, request, response, blob_id)
    default:
      response.setHeader('Accept-Patch', acceptedPatches)
      throw new StudioError('unsupported_media_type', `Send one of ${acceptedPatches}; PUT …/content takes raw bytes.`)
  }
}

async function fromEnvelope(
  context: Context,
  request: Request,
  response: Response,
  blob_id: string,
): Promise<Submission> {
  const envelope = validate(UpdateBlob, await readJson(request, { limitBytes: context.limits.envelope }))
  const { patch, from_version } = envelope
  const metadata = envelope.metadata && checkMetadata(context, envelope.metadata)
  const content_type = envelope.content_type === undefined ? undefined : parseContentType(envelope.content_type)
  const content = await contentOfEnvelope(context, principalOf(response), envelope)
  if (content && patch !== undefined) throw refused('', 'must have either content or a patch')
  if (!content && content_type !== undefined) throw refused('/content_type', 'goes with content, text or content_id')
  const change = content
    ? ({ format: 'replace', content, content_type } as const)
    : patch === undefined
      ? null
      : jsonPatch(patch)
  if (!change && !metadata) throw refused('', 'must have one of content, text, content_id, patch and metadata')
  return { blob_id, operation: 'update', change, metadata, from_version }
}
