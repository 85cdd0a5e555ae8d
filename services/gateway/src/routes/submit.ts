import { dryRunPath, SubmitOutcome, type ChangeQuery, type SubmitDelta } from '@studio/contracts'
import { failpoint, fromProblem } from '@studio/kernel'
import { currentTraceparent } from '@studio/telemetry'
import type { Request, Response } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Principal } from '../auth/verify-token.ts'
import type { Context } from '../context.ts'
import { changeAccepted } from '../telemetry.ts'
import { agreed, deltaId, expectationOf, idempotencyKey } from './preconditions.ts'

/** A change as a route understood it; what it leaves out is null for delta-engine. */
export type Submission = Pick<SubmitDelta, 'blob_id' | 'operation' | 'revert_to' | 'settle'> & {
  readonly [Name in Optional]?: SubmitDelta[Name] | undefined
} & {
  /** The bytes that take the place of the change's content, in a dry run of large content. */
  readonly apart?: Buffer | undefined
}
type Optional =
  'change' | 'metadata' | 'providers' | 'from_version' | 'conflict' | 'conflict_policy' | 'publication' | 'delta_id'

/** What delta-engine did, or would do. */
export type Accepted = Exclude<SubmitOutcome, { status: 'failed' }>

/**
 * Hands a change to delta-engine, under the request's parameters, If-Match, Idempotency-Key and Studio-Delta-Id. Throws what delta-engine
 * refused it with.
 */
export async function submit(
  context: Context,
  request: Request,
  response: Response,
  submission: Submission,
  query: Partial<ChangeQuery>,
): Promise<Accepted> {
  const principal = principalOf(response)
  const asked: Submission = {
    ...submission,
    from_version: agreed('from_version', submission.from_version ?? undefined, query.from_version),
    conflict: agreed('conflict', submission.conflict ?? undefined, query.conflict),
  }
  const item = {
    ...submitItem(principal, asked),
    ...(await expectationOf(context, principal, asked, request)),
    delta_id: deltaId(request, asked),
    dry_run: query.dry_run ?? false,
    idempotency_key: idempotencyKey(request),
  }
  failpoint('gateway.submit.before')
  const outcome =
    asked.apart === undefined ? await context.deltaEngine.one('submit', item) : await runDry(context, item, asked.apart)
  failpoint('gateway.submit.after')
  if (outcome.status === 'failed') throw fromProblem(outcome.problem)
  if (outcome.status === 'applied') changeAccepted(context.log, submission.operation, outcome.blob)
  return outcome
}

async function runDry({ deltaEngine }: Context, item: SubmitDelta, bytes: Buffer): Promise<SubmitOutcome> {
  const body = Buffer.concat([Buffer.from(`${JSON.stringify(item)}\n`), bytes])
  return SubmitOutcome.parse(await deltaEngine.putBytes(dryRunPath, body))
}

/** A change as delta-engine takes it. */
export function submitItem(principal: Principal, submission: Submission): SubmitDelta {
  return {
    ...principal,
    blob_id: submission.blob_id,
    operation: submission.operation,
    change: submission.change ?? null,
    metadata: submission.metadata ?? null,
    providers: submission.providers ?? null,
    conflict: submission.conflict ?? null,
    conflict_policy: submission.conflict_policy ?? null,
    publication: submission.publication ?? null,
    revert_to: submission.revert_to,
    settle: submission.settle,
    from_version: submission.from_version ?? null,
    expected: 'from_version',
    delta_id: submission.delta_id ?? null,
    dry_run: false,
    idempotency_key: null,
    traceparent: currentTraceparent() ?? null,
  }
}
