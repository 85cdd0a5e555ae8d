import type { Blob, Change, Metadata, SubmitDelta, TriggerPolicy } from '@studio/contracts'
import { failpoint, fromProblem } from '@studio/kernel'
import { currentTraceparent } from '@studio/telemetry'
import type { Request, Response } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Principal } from '../auth/verify-token.ts'
import type { Context } from '../context.ts'
import { matchHead, parseIfMatch } from '../domain/entity-tag.ts'
import { refused } from '../domain/json-text.ts'
import { changeAccepted } from '../telemetry.ts'
import { findLiveBlob } from './find-blob.ts'

/** A change as a route understood it. */
export interface Submission {
  readonly blob_id: string
  readonly operation: SubmitDelta['operation']
  readonly change?: Change | null
  readonly metadata?: Metadata | null
  readonly providers?: TriggerPolicy
  readonly from_version?: number | undefined
  readonly revert_to?: number
}

/**
 * Hands a change to delta-engine, under the request's If-Match and Idempotency-Key; answers the blob as the change left it. Throws what
 * delta-engine refused it with.
 */
export async function submit(
  context: Context,
  request: Request,
  response: Response,
  submission: Submission,
): Promise<Blob> {
  const principal = principalOf(response)
  const expectation = await expectationOf(context, principal, submission, request.headers['if-match'])
  failpoint('gateway.submit.before')
  const outcome = await context.deltaEngine.one('submit', {
    ...principal,
    blob_id: submission.blob_id,
    operation: submission.operation,
    change: submission.change ?? null,
    metadata: submission.metadata ?? null,
    providers: submission.providers ?? null,
    revert_to: submission.revert_to,
    ...expectation,
    idempotency_key: idempotencyKey(request),
    traceparent: currentTraceparent() ?? null,
  })
  failpoint('gateway.submit.after')
  if (outcome.status === 'failed') throw fromProblem(outcome.problem)
  changeAccepted(context.log, submission.operation, outcome.blob)
  return outcome.blob
}

type Expectation = Pick<SubmitDelta, 'from_version' | 'expected'>

/** On which version the change has to be made, and how a mismatch is told: by If-Match 412, by `from_version` 409. */
async function expectationOf(
  context: Context,
  principal: Principal,
  { blob_id, from_version, operation }: Submission,
  header: string | undefined,
): Promise<Expectation> {
  const ifMatch = operation === 'create' ? undefined : parseIfMatch(header)
  // `*` asks for a blob that exists, and a change of one that does not is refused anyway.
  if (ifMatch === undefined || ifMatch.kind === 'any')
    return { from_version: from_version ?? null, expected: 'from_version' }
  const matched =
    ifMatch.kind === 'version'
      ? ifMatch.version
      : matchHead(ifMatch.tags, await findLiveBlob(context, principal, blob_id))
  if (from_version !== undefined && from_version !== matched)
    throw refused('/from_version', 'must be the version that If-Match names')
  return { from_version: matched, expected: 'if_match' }
}

const printable = /^[\x21-\x7e]{1,255}$/

function idempotencyKey(request: Request): string | null {
  const key = request.headers['idempotency-key']
  if (key === undefined) return null
  if (typeof key !== 'string' || !printable.test(key))
    throw refused('Idempotency-Key', 'must be 1 to 255 printable ASCII characters')
  return key
}
