import type { Response } from 'express'
import { entityTagOf } from '../domain/entity-tag.ts'
import { blobResource, dryRunResource } from '../domain/resources.ts'
import { answerData } from './answer.ts'
import type { Accepted, Submission } from './submit.ts'

/**
 * Answers a change: the blob as it left it, under `status`, with its tag; the headers name the delta and say whether it was merged. A dry run
 * is answered with the plan, 200 whatever it is.
 */
export function answerAccepted(response: Response, status: number, submission: Submission, outcome: Accepted): void {
  if (outcome.status === 'planned') return answerData(response, 200, dryRunResource(blobIdOf(submission), outcome.plan))
  response.setHeader('ETag', entityTagOf(outcome.blob))
  response.setHeader('Studio-Delta-Id', outcome.delta_id)
  if (outcome.merged) response.setHeader('Studio-Merged', 'true')
  answerData(response, status, blobResource(outcome.blob))
}

/** A blob that nothing was written of has no id. */
export function blobIdOf({ operation, blob_id }: Submission): string | null {
  return operation === 'create' ? null : blob_id
}
