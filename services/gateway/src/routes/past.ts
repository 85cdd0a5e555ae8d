import { ReadProvenanceQuery, type PastGraphResource } from '@studio/contracts'
import { validate } from '@studio/http'
import { StudioError } from '@studio/kernel'
import type { Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Principal } from '../auth/verify-token.ts'
import type { Context } from '../context.ts'
import { answerData } from './answer.ts'
import { findBlob, idFrom } from './find-blob.ts'

/** What versions were made of. */
export function provenanceRoute(router: Router, context: Context): void {
  router.get('/blobs/:id/provenance', async (request, response) => {
    const query = validate(ReadProvenanceQuery, request.query)
    const principal = principalOf(response)
    const blob_id = idFrom(request.params.id)
    const version = query.version ?? (await findBlob(context, principal, blob_id)).version
    const { tenant_id } = principal
    const { provenance } = await context.dag.call('readProvenance', { tenant_id, blob_id, version })
    if (provenance) return answerData(response, 200, provenance)
    await findBlob(context, principal, blob_id)
    throw new StudioError('version_not_found', 'GET …/versions lists those that there are.')
  })
}

/** The graph below a blob as it was; throws blob_not_found, cascade_not_found, and version_not_found where the blob was not there yet. */
export async function pastGraph(
  context: Context,
  principal: Principal,
  blob_id: string,
  point: { at: string } | { cascade_id: string },
): Promise<PastGraphResource> {
  const { tenant_id } = principal
  const [, { graph }] = await Promise.all([
    findBlob(context, principal, blob_id),
    context.dag.call('readPastGraph', { tenant_id, blob_id, point }),
  ])
  if (graph) return graph
  throw new StudioError(
    'version_not_found',
    'The blob was not there then. GET …/versions lists its versions with their times.',
  )
}
