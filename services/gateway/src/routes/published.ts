import {
  answeredContents,
  maximumItems,
  ReadPublishedQuery,
  type PublishedMember,
  type PublishedResource,
} from '@studio/contracts'
import { validate } from '@studio/http'
import { StudioError } from '@studio/kernel'
import type { Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Principal } from '../auth/verify-token.ts'
import type { Context } from '../context.ts'
import { embedContent } from '../domain/embed-content.ts'
import { answerData, notModified, revalidate, tellRevision } from './answer.ts'
import { findPublished, idFrom } from './find-blob.ts'

/** A blob and all that is published below it, as one state. */
export function publishedRoute(router: Router, context: Context): void {
  router.get('/blobs/:id/published', async (request, response) => {
    const { include } = validate(ReadPublishedQuery, request.query)
    const principal = principalOf(response)
    const blob_id = idFrom(request.params.id)
    const { set } = await context.blob.call('readPublishedSet', { tenant_id: principal.tenant_id, blob_id })
    const root = set?.members.some(({ id }) => id === blob_id)
    if (!set || !root) {
      await findPublished(context, principal, blob_id)
      throw new StudioError(
        'publication_not_atomic',
        'Give its source the publication "atomic", and wait for its first.',
      )
    }
    const { revision, members } = set
    tellRevision(response, set)
    if (notModified(request, response, `"p${revision}"`, revalidate)) return
    const blobs = include.includes('content') ? await withContents(context, principal, members) : members
    answerData(response, 200, { root_id: blob_id, revision, blobs } satisfies PublishedResource)
  })
}

/** Contents by hash never change, so that they are of the same state whenever they are read. Only as many are asked for as one answer carries. */
async function withContents(
  context: Context,
  { tenant_id }: Principal,
  members: readonly PublishedMember[],
): Promise<PublishedResource['blobs']> {
  const asked = members.filter(within(answeredContents)).slice(0, maximumItems)
  const { items } = await context.blob.call('readContents', {
    items: asked.map(({ content_hash: hash }) => ({ tenant_id, hash })),
  })
  const contents = new Map(asked.map(({ id }, index) => [id, items[index]]))
  return members.map((member) => {
    const content = contents.get(member.id)
    return content && 'base64' in content
      ? { ...member, ...embedContent(member.content_type, Buffer.from(content.base64, 'base64')) }
      : member
  })
}

/** Whether a content goes into an answer after those that were asked about before. */
function within({ each, together }: { each: number; together: number }): (content: { size: number }) => boolean {
  let taken = 0
  return ({ size }) => {
    const fits = size <= each && taken + size <= together
    if (fits) taken += size
    return fits
  }
}
