import { DiffQuery, type DiffFormat, type DiffResource } from '@studio/contracts'
import { validate } from '@studio/http'
import type { Request, Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { refused } from '../domain/json-text.ts'
import { answerBody, answerData, immutable } from './answer.ts'
import { idFrom } from './find-blob.ts'

/** The media types under which a diff stands alone: those that PATCH takes, so that a diff can be sent as a patch. */
const formats: Readonly<Record<string, DiffFormat>> = {
  'application/json-patch+json': 'json-patch',
  'application/merge-patch+json': 'merge-patch',
  'application/vnd.studio.text-patch+json': 'text',
  'text/x-diff': 'unified',
  'text/x-patch': 'unified',
}

export function diffRoute(router: Router, context: Context): void {
  router.get('/blobs/:id/diff', async (request, response) => {
    const { from, to, format } = validate(DiffQuery, request.query)
    const { tenant_id } = principalOf(response)
    const blob_id = idFrom(request.params.id)
    const mediaType = aloneAs(request)
    const alone = mediaType === undefined ? undefined : formats[mediaType]
    if (alone !== undefined && format !== undefined && alone !== format)
      throw refused('/format', `must be ${alone}, as the header Accept asks for`)
    const answer = await context.deltaEngine.call('diff', {
      tenant_id,
      blob_id,
      from,
      to,
      format: alone ?? format ?? null,
    })
    response.setHeader('Vary', 'Authorization, Accept')
    response.setHeader('Cache-Control', immutable)
    if (mediaType === undefined) {
      const resource: DiffResource = { from, to, format: answer.format, diff: answer.diff }
      return answerData(response, 200, resource)
    }
    const { diff } = answer
    if (typeof diff === 'string') answerBody(response, 200, `${mediaType}; charset=utf-8`, diff)
    else answerBody(response, 200, mediaType, `${JSON.stringify(diff)}\n`)
  })
}

/** The media type that Accept prefers for the diff alone; undefined where JSON or anything will do. */
function aloneAs(request: Request): string | undefined {
  const preferred = request.accepts(['application/json', ...Object.keys(formats)])
  return preferred === false || preferred === 'application/json' ? undefined : preferred
}
