import { ChangeQuery, NoQuery, SettleOverlay, type OverlaySideResource, type StoredOverlay } from '@studio/contracts'
import { validate } from '@studio/http'
import { isTextType, StudioError } from '@studio/kernel'
import { isUtf8 } from 'node:buffer'
import type { Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Principal } from '../auth/verify-token.ts'
import type { Context } from '../context.ts'
import { answerData } from './answer.ts'
import { answerAccepted } from './answer-change.ts'
import { keepingOf, readContent } from './content.ts'
import { readEnvelope } from './envelope.ts'
import { findLiveBlob, idFrom } from './find-blob.ts'
import { settlementOf } from './submission-of.ts'
import { submit } from './submit.ts'

/** Text of a side up to this many bytes is told with it. */
const toldBytes = 64 * 1024

/** A user's edit of a derived blob beside what its provider makes: both sides, and what is to become of them. */
export function overlayRoutes(router: Router, context: Context): void {
  router.get('/blobs/:id/overlay', async (request, response) => {
    validate(NoQuery, request.query)
    const principal = principalOf(response)
    const blob_id = idFrom(request.params.id)
    const [, overlay] = await Promise.all([
      findLiveBlob(context, principal, blob_id),
      context.blob.one('readOverlays', { tenant_id: principal.tenant_id, blob_id }),
    ])
    if (!overlay)
      throw new StudioError('overlay_not_found', 'It holds what its provider or its users made, and that alone.')
    const [base, edited, generated] = await Promise.all(
      [overlay.base, overlay.edited, overlay.generated].map((side) => sideResource(context, principal, side)),
    )
    const state = overlay.conflicted ? 'conflicted' : 'edited'
    answerData(response, 200, { blob_id, version: overlay.version, state, base, edited, generated })
  })

  router.post('/blobs/:id/overlay', async (request, response) => {
    const query = validate(ChangeQuery, request.query)
    const blob_id = idFrom(request.params.id)
    const envelope = await readEnvelope(context, request, SettleOverlay)
    const submission = await settlementOf(context, principalOf(response), blob_id, envelope, keepingOf(query))
    await answerAccepted(
      context,
      response,
      200,
      submission,
      await submit(context, request, response, submission, query),
    )
  })
}

async function sideResource(
  context: Context,
  principal: Principal,
  side: StoredOverlay['base'],
): Promise<OverlaySideResource> {
  if (!isTextType(side.content_type) || side.size > toldBytes) return side
  const bytes = await readContent(context, principal, side.content_hash)
  return isUtf8(bytes) ? { ...side, text: bytes.toString('utf8') } : side
}
