import { DiffQuery, type DiffFormat, type DiffResource } from '@studio/contracts'
import { validate } from '@studio/http'
import type { Request, Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { refused } from '../domain/json-text.ts'
import { answerBody, answerData, immutable } from './answer.ts'
import { idFrom } from './find-blob.ts'

/** The media type under which a diff stands alone: what PATCH takes, so that a diff can be sent as one. */
const mediaTypes: Readonly<Record<DiffFormat, string>> = {
  'json-patch': 'application/json-patch+json',
  'merge-patch': 'application/merge-patch+json',
  text: 'application/vnd.studio.text-patch+json',
  unified: 'text/x-diff',
}

export function diffRoute(router: Router, context: Context): void {
  router.get('/blobs/:id/diff', async (request, response) => {
    const { from, to, format } = validate(DiffQuery, request.query)
    const { tenant_id } = principalOf(response)
    const blob_id = idFrom(request.params.id)
    const alone = formatAlone(request)
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
    if (alone === undefined) {
      const resource: DiffResource = { from, to, format: answer.format, diff: answer.diff }
      return answerData(response, 200, resource)
    }
    const { diff } = answer
    if (typeof diff === 'string') answerBody(response, 200, `${mediaTypes[alone]}; charset=utf-8`, diff)
    else answerBody(response, 200, mediaTypes[alone], `${JSON.stringify(diff)}\n`)
  })
}

/** The format that Accept prefers as a bare document; undefined where JSON or anything will do. */
function formatAlone(request: Request): DiffFormat | undefined {
  const preferred = request.accepts(['application/json', ...Object.values(mediaTypes)])
  return (Object.keys(mediaTypes) as DiffFormat[]).find((format) => mediaTypes[format] === preferred)
}
