import { ListDeltasQuery, NoQuery } from '@studio/contracts'
import { validate } from '@studio/http'
import { StudioError } from '@studio/kernel'
import type { Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { refused } from '../domain/json-text.ts'
import { deltaResource } from '../domain/resources.ts'
import { answerData, answerPage } from './answer.ts'
import { findBlob, idFrom } from './find-blob.ts'

/** The changes themselves. They outlive the deletion of their blob, too. */
export function deltaRoutes(router: Router, context: Context): void {
  router.get('/blobs/:id/deltas', async (request, response) => {
    const { limit, after, status, from, to } = validate(ListDeltasQuery, request.query)
    const { tenant_id } = principalOf(response)
    const blob_id = idFrom(request.params.id)
    const finding = findBlob(context, principalOf(response), blob_id)
    if (from === undefined && to === undefined) {
      const [, { deltas, next }] = await Promise.all([
        finding,
        context.deltaEngine.call('listDeltas', { tenant_id, blob_id, limit, before: after, status }),
      ])
      return answerPage(response, deltas.map(deltaResource), next)
    }
    const { version: head } = await finding
    const [first, last] = [from ?? 0, to ?? head]
    if (after !== undefined) throw refused('/after', 'goes without from and to: the next page is from=<next>')
    if (status !== undefined)
      throw refused('/status', 'goes without from and to: only applied deltas lead to a version')
    if (Math.max(first, last) > head) throw new StudioError('version_not_found', `The newest version is ${head}.`)
    if (first > last) throw refused('/from', 'must not come after to')
    const { deltas, next } = await context.deltaEngine.call('readChain', {
      tenant_id,
      blob_id,
      from: first,
      to: last,
      limit,
    })
    answerPage(response, deltas.map(deltaResource), next)
  })

  router.get('/blobs/:id/deltas/latest', async (request, response) => {
    validate(NoQuery, request.query)
    const { tenant_id } = principalOf(response)
    const blob_id = idFrom(request.params.id)
    const [, { delta }] = await Promise.all([
      findBlob(context, principalOf(response), blob_id),
      context.deltaEngine.call('readLatest', { tenant_id, blob_id }),
    ])
    if (!delta) throw deltaNotFound()
    answerData(response, 200, deltaResource(delta))
  })

  router.get('/deltas/:id', async (request, response) => {
    validate(NoQuery, request.query)
    const { tenant_id } = principalOf(response)
    const delta_id = idFrom(request.params.id, deltaNotFound)
    const { delta } = await context.deltaEngine.call('readDelta', { tenant_id, delta_id })
    if (!delta) throw deltaNotFound()
    answerData(response, 200, deltaResource(delta))
  })
}

function deltaNotFound(): StudioError {
  return new StudioError('delta_not_found', 'Check the id, and that the token is of the tenant that owns the delta.')
}
