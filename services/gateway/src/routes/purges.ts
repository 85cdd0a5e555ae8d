import { NoQuery } from '@studio/contracts'
import { validate } from '@studio/http'
import { StudioError } from '@studio/kernel'
import type { Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { purgeResource } from '../domain/resources.ts'
import { answerData } from './answer.ts'
import { idFrom } from './find-blob.ts'

/** The erasure of deleted blobs, and of all that was derived from them. */
export function purgeRoutes(router: Router, context: Context): void {
  router.post('/blobs/:id/purge', async (request, response) => {
    validate(NoQuery, request.query)
    const { tenant_id } = principalOf(response)
    const { purge } = await context.dag.call('requestPurge', { tenant_id, blob_id: idFrom(request.params.id) })
    response.setHeader('Location', `${request.baseUrl}/purges/${purge.id}`)
    answerData(response, 202, purgeResource(purge))
  })

  router.get('/purges/:id', async (request, response) => {
    validate(NoQuery, request.query)
    const { tenant_id } = principalOf(response)
    const purge_id = idFrom(request.params.id, purgeNotFound)
    const { purge } = await context.dag.call('readPurge', { tenant_id, purge_id })
    if (!purge) throw purgeNotFound()
    answerData(response, 200, purgeResource(purge))
  })
}

function purgeNotFound(): StudioError {
  return new StudioError('purge_not_found', 'POST …/blobs/{id}/purge begins one, and names it.')
}
