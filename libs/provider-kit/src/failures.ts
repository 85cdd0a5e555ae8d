import { isStudioError, StudioError, toProblem } from '@studio/kernel'
import { ApplicationFailure } from '@temporalio/common'

const firstRetryMs = 500
const maximumRetryMs = 5000

/**
 * The failure that Temporal is told: its type is the error's code, its details are the problem and the
 * number of the attempt, for workflow code to read. Errors that
 * are not retryable end the activity; the others come again after 0.5 s, 1 s, 2 s … give or take half, so that many don't come at once.
 */
export function toFailure(error: unknown, attempt: number): ApplicationFailure {
  const problem = toProblem(error)
  const delay = Math.min(firstRetryMs * 2 ** (attempt - 1), maximumRetryMs)
  return ApplicationFailure.create({
    message: problem.detail,
    type: problem.code,
    nonRetryable: !problem.retryable,
    details: [problem, attempt],
    nextRetryDelay: Math.round(delay * (0.5 + Math.random())),
  })
}

const longestMessage = 500

/** What a transform threw, with a code of the catalogue: whatever is not a StudioError, or may pass, is `provider_failed`. */
export function toProviderError(error: unknown): StudioError {
  if (isStudioError(error) && (!error.retryable || error.code === 'timeout')) return error
  const message = error instanceof Error ? error.message : String(error)
  return new StudioError('provider_failed', message.slice(0, longestMessage), { cause: error })
}
