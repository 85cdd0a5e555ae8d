import {
  BlobOperation,
  OperationList,
  OperationsQuery,
  type BatchResource,
  type BulkResource,
  type SubmitDelta,
} from '@studio/contracts'
import { validate } from '@studio/http'
import { failpoint, fromProblem, isStudioError, toProblem, type StudioError } from '@studio/kernel'
import { currentTraceparent } from '@studio/telemetry'
import type { Request, Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Principal } from '../auth/verify-token.ts'
import type { Context } from '../context.ts'
import { envelopeOf } from '../domain/envelope.ts'
import { faultInBody, faultInChange } from '../domain/operation-fault.ts'
import { operationResult } from '../domain/resources.ts'
import { operationsAccepted } from '../telemetry.ts'
import { blobIdOf } from './answer-change.ts'
import { answerData } from './answer.ts'
import { checkEnvelope, readLongJson } from './envelope.ts'
import { idempotencyKey, refuseHeadersOfOne } from './preconditions.ts'
import { forStrangers } from './retry-later.ts'
import { operationOf } from './submission-of.ts'
import { submitItem, type Submission } from './submit.ts'

/** Lists of changes. The faults of one operation name it by its place in the list, from 0. */
export function operationRoutes(router: Router, context: Context): void {
  /** All or none. */
  router.post('/batches', async (request, response) => {
    const { dry_run } = validate(OperationsQuery, request.query)
    const principal = principalOf(response)
    const idempotency_key = idempotencyKey(request)
    const submissions: Submission[] = []
    for (const reading of await readOperations(context, principal, request)) {
      if ('fault' in reading) throw reading.fault
      submissions.push(reading.submission)
    }
    failpoint('gateway.submit.before')
    const outcome = await context.deltaEngine.call('submitBatch', {
      items: submissions.map((submission) => submitItem(principal, submission)),
      idempotency_key,
      dry_run,
      traceparent: currentTraceparent() ?? null,
    })
    failpoint('gateway.submit.after')
    if (outcome.status === 'failed') {
      const error = fromProblem(outcome.problem)
      throw outcome.operation === null ? error : faultInChange(outcome.operation, error)
    }
    const results = outcome.items.map((item, index) => {
      if (item.status === 'failed') throw fromProblem(item.problem)
      return operationResult(blobIdOf(submissions[index]!), item)
    })
    operationsAccepted(context.log, 'batch', submissions.length, submissions.length)
    answerData(response, 200, { results } satisfies BatchResource)
  })

  /** Each alone. */
  router.post('/bulk', async (request, response) => {
    const { dry_run } = validate(OperationsQuery, request.query)
    const principal = principalOf(response)
    const key = idempotencyKey(request)
    const readings = await readOperations(context, principal, request)
    const items = readings.flatMap((reading, index): SubmitDelta[] =>
      'fault' in reading
        ? []
        : [
            {
              ...submitItem(principal, reading.submission),
              dry_run,
              // No client's own key has a space.
              idempotency_key: key && `${key} ${index}`,
            },
          ],
    )
    failpoint('gateway.submit.before')
    const outcomes = items.length === 0 ? [] : (await context.deltaEngine.call('submit', { items })).items
    failpoint('gateway.submit.after')
    const waiting = outcomes.values()
    const results = readings.map((reading, index): BulkResource['results'][number] => {
      if ('fault' in reading) return refusal(context, reading.fault)
      const outcome = waiting.next().value!
      if (outcome.status === 'failed') return refusal(context, faultInChange(index, fromProblem(outcome.problem)))
      const status = outcome.status === 'applied' && reading.submission.operation === 'create' ? 201 : 200
      return { status, data: operationResult(blobIdOf(reading.submission), outcome) }
    })
    operationsAccepted(context.log, 'bulk', results.length, results.filter(({ status }) => status < 300).length)
    answerData(response, 200, { results } satisfies BulkResource)
  })
}

type Reading = { readonly submission: Submission } | { readonly fault: StudioError }

/** The operations of a list, each read alone: what it asks for, or what is wrong with it. */
async function readOperations(context: Context, principal: Principal, request: Request): Promise<Reading[]> {
  refuseHeadersOfOne(request)
  const body = await readLongJson(context, request, context.limits.operations)
  const { operations } = validate(OperationList, body)
  return Promise.all(
    operations.map(async (operation, index): Promise<Reading> => {
      try {
        return {
          submission: await operationOf(context, principal, checkEnvelope(BlobOperation, envelopeOf(operation))),
        }
      } catch (error) {
        const fault = faultInBody(index, error)
        if (isStudioError(fault)) return { fault }
        throw fault
      }
    }),
  )
}

function refusal(context: Context, error: StudioError): BulkResource['results'][number] {
  const problem = toProblem(forStrangers(context, error))
  return { status: problem.status, problem }
}
