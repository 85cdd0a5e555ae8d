import type { Plan } from '@studio/contracts'
import type { Response } from 'express'
import type { Context } from '../context.ts'
import { entityTagOf } from '../domain/entity-tag.ts'
import { blobResource, dryRunResource } from '../domain/resources.ts'
import { answerData, answerWithContent } from './answer.ts'
import type { Accepted, Submission } from './submit.ts'

/**
 * Answers a change: the blob as it left it, under `status`, with its tag; the headers name the delta and say whether it was merged. A dry run
 * is answered with the plan, 200 whatever it is.
 */
export async function answerAccepted(
  context: Context,
  response: Response,
  status: number,
  submission: Submission,
  outcome: Accepted,
): Promise<void> {
  if (outcome.status === 'planned') return answerPlanned(context, response, submission, outcome.plan)
  response.setHeader('ETag', entityTagOf(outcome.blob))
  response.setHeader('Studio-Delta-Id', outcome.delta_id)
  if (outcome.merged) response.setHeader('Studio-Merged', 'true')
  answerData(response, status, blobResource(outcome.blob))
}

async function answerPlanned(
  context: Context,
  response: Response,
  submission: Submission,
  { content, ...plan }: Plan,
): Promise<void> {
  const resource = dryRunResource(blobIdOf(submission), { ...plan, content: null })
  if (content === null) return answerData(response, 200, resource)
  const bytes = Buffer.from(content.base64, 'base64')
  await answerWithContent(context, response, resource, plan.content_type ?? '', bytes)
}

/** A blob that nothing was written of has no id. */
export function blobIdOf({ operation, blob_id }: Submission): string | null {
  return operation === 'create' ? null : blob_id
}
