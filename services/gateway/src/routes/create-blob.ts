import { CreateBlob, CreateBlobQuery } from '@studio/contracts'
import { readJson, validate } from '@studio/http'
import { essenceOf, newId, parseContentType, StudioError } from '@studio/kernel'
import type { Request, Response, Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { entityTagOf } from '../domain/entity-tag.ts'
import { refused } from '../domain/json-text.ts'
import { blobResource } from '../domain/resources.ts'
import { answerData } from './answer.ts'
import { contentOfBody, contentOfEnvelope } from './content.ts'
import { checkMetadata, metadataOfHeader } from './metadata.ts'
import { submit, type Submission } from './submit.ts'

/** What `curl -d` and HTML forms say when nobody said anything: almost never what the bytes are. */
const forms = new Set(['application/x-www-form-urlencoded', 'multipart/form-data'])

export function createBlobRoute(router: Router, context: Context): void {
  router.post('/blobs', async (request, response) => {
    const raw = validate(CreateBlobQuery, request.query).raw === 'true'
    const declared = request.headers['content-type'] ?? 'application/octet-stream'
    const essence = essenceOf(declared)
    if (!raw && forms.has(essence)) {
      throw new StudioError(
        'unsupported_media_type',
        'Say what the bytes are (Content-Type), or send the JSON envelope as application/json.',
      )
    }
    const submission =
      essence === 'application/json' && !raw
        ? await fromEnvelope(context, request, response)
        : await fromBody(context, request, response, declared)
    const blob = await submit(context, request, response, submission)
    response.setHeader('Location', `${request.baseUrl}/blobs/${blob.id}`)
    response.setHeader('ETag', entityTagOf(blob))
    answerData(response, 201, blobResource(blob))
  })
}

async function fromEnvelope(context: Context, request: Request, response: Response): Promise<Submission> {
  const envelope = validate(CreateBlob, await readJson(request, { limitBytes: context.limits.envelope }))
  const contentType = envelope.content_type ?? (envelope.text === undefined ? undefined : 'text/plain')
  if (contentType === undefined) throw refused('/content_type', 'must say what the content is')
  const content_type = parseContentType(contentType)
  const metadata = checkMetadata(context, envelope.metadata)
  const content = await contentOfEnvelope(context, principalOf(response), envelope)
  if (!content) throw refused('', 'must have one of content, text and content_id')
  return {
    blob_id: newId(),
    operation: 'create',
    change: { format: 'replace', content, content_type },
    metadata,
    providers: envelope.providers,
  }
}

async function fromBody(context: Context, request: Request, response: Response, declared: string): Promise<Submission> {
  const content_type = parseContentType(declared)
  const metadata = metadataOfHeader(context, request) ?? {}
  const content = await contentOfBody(context, principalOf(response), request)
  return {
    blob_id: newId(),
    operation: 'create',
    change: { format: 'replace', content, content_type },
    metadata,
    providers: 'auto',
  }
}
