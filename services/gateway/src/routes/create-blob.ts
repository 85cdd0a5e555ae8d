import { CreateBlob, CreateBlobQuery } from '@studio/contracts'
import { validate } from '@studio/http'
import { essenceOf, newId, parseContentType, StudioError } from '@studio/kernel'
import type { Request, Response, Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { answerAccepted } from './answer-change.ts'
import { contentOfBody, keepingOf, replacement, type Keeping } from './content.ts'
import { readEnvelope } from './envelope.ts'
import { metadataOfHeader } from './metadata.ts'
import { creationOf } from './submission-of.ts'
import { submit, type Submission } from './submit.ts'

/** What `curl -d` and HTML forms say when nobody said anything: almost never what the bytes are. */
const forms = new Set(['application/x-www-form-urlencoded', 'multipart/form-data'])

export function createBlobRoute(router: Router, context: Context): void {
  router.post('/blobs', async (request, response) => {
    const query = validate(CreateBlobQuery, request.query)
    const { raw, dry_run } = query
    const keeping = keepingOf(query)
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
        ? await creationOf(context, principalOf(response), await readEnvelope(context, request, CreateBlob), keeping)
        : await fromBody(context, request, response, declared, keeping)
    const outcome = await submit(context, request, response, submission, { dry_run })
    if (outcome.status === 'applied') response.setHeader('Location', `${request.baseUrl}/blobs/${outcome.blob.id}`)
    await answerAccepted(context, response, 201, submission, outcome)
  })
}

async function fromBody(
  context: Context,
  request: Request,
  response: Response,
  declared: string,
  keeping: Keeping,
): Promise<Submission> {
  const content_type = parseContentType(declared)
  const metadata = metadataOfHeader(context, request) ?? {}
  const content = await contentOfBody(context, principalOf(response), request, keeping)
  return {
    blob_id: newId(),
    operation: 'create',
    ...replacement(content, content_type),
    metadata,
    providers: 'auto',
  }
}
