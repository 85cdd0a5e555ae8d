import { ListRunsQuery, NoQuery, ReadGraphQuery, type ExplanationResource } from '@studio/contracts'
import { validate } from '@studio/http'
import type { Router } from 'express'
import { finished } from 'node:stream/promises'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { blobResource, loneGraph, runResource } from '../domain/resources.ts'
import { answerAround, answerData, answerPage } from './answer.ts'
import { findBlob, idFrom } from './find-blob.ts'
import { pastGraph } from './past.ts'

/** What was made from a blob, and how. */
export function graphRoutes(router: Router, context: Context): void {
  router.get('/blobs/:id/dag', async (request, response) => {
    const { at, cascade } = validate(ReadGraphQuery, request.query)
    const principal = principalOf(response)
    const blob_id = idFrom(request.params.id)
    if (at !== undefined) return answerData(response, 200, await pastGraph(context, principal, blob_id, { at }))
    if (cascade !== undefined)
      return answerData(response, 200, await pastGraph(context, principal, blob_id, { cascade_id: cascade }))
    const head = await findBlob(context, principal, blob_id)
    const { status, headers, body } = await context.dag.getBytes(`/internal/graphs/${blob_id}`, {
      headers: { 'studio-tenant': principal.tenant_id },
    })
    if (status === 204) {
      await finished(body.resume())
      return answerData(response, 200, loneGraph(head))
    }
    // dag hears of a version by an event, so it may lag behind blob: until it knows the head, nothing is settled.
    const settled =
      headers['studio-graph-settled'] === 'true' && Number(headers['studio-root-version']) === head.version
    const members = { stream: body, length: Number(headers['content-length']) }
    await answerAround(response, '{"data":{', members, `,"settled":${settled}}}\n`)
  })

  router.get('/blobs/:id/explain', async (request, response) => {
    validate(NoQuery, request.query)
    const { tenant_id } = principalOf(response)
    const blob_id = idFrom(request.params.id)
    const { explanation } = await context.dag.call('explain', { tenant_id, blob_id })
    // A source that dag has not heard of yet: blob knows whether there is one.
    if (!explanation) await findBlob(context, principalOf(response), blob_id)
    answerData(response, 200, explanation ?? unheardOf(blob_id))
  })

  router.get('/blobs/:id/children', async (request, response) => {
    validate(NoQuery, request.query)
    const principal = principalOf(response)
    const blob_id = idFrom(request.params.id)
    const [, { blob_ids }] = await Promise.all([
      findBlob(context, principal, blob_id),
      context.dag.call('listChildren', { tenant_id: principal.tenant_id, blob_id }),
    ])
    const children = await Promise.all(
      blob_ids.map((child) => context.blob.one('readBlobs', { tenant_id: principal.tenant_id, blob_id: child })),
    )
    // A child that dag has planned and no run has made yet is not there; a deleted one is there no more.
    const live = children.filter((child) => child !== null).filter((child) => child.deleted_at === null)
    answerPage(response, live.map(blobResource), null)
  })

  router.get('/blobs/:id/runs', async (request, response) => {
    const { limit, after } = validate(ListRunsQuery, request.query)
    const principal = principalOf(response)
    const blob_id = idFrom(request.params.id)
    const [, { runs }] = await Promise.all([
      findBlob(context, principal, blob_id),
      context.dag.call('listRuns', { tenant_id: principal.tenant_id, blob_id, limit, before: after }),
    ])
    answerPage(response, runs.map(runResource), runs.length < limit ? null : (runs.at(-1)?.id ?? null))
  })
}

function unheardOf(blob_id: string): ExplanationResource {
  return {
    blob_id,
    provider_id: null,
    state: 'settled',
    freshness: 'fresh',
    overlay: null,
    summary: 'It is a source: nothing makes it but the changes of its users.',
    reasons: [],
    made_by: null,
    last_change: null,
    publication: null,
  }
}
