import { isStudioError, StudioError } from '@studio/kernel'
import type { ErrorRequestHandler } from 'express'
import type { Context } from '../context.ts'
import { dependencyFailed } from '../telemetry.ts'

const retryAfterSeconds = 2

/** What may work later says when to come again (RFC 9110 section 10.2.3). */
export function retryLater(context: Context): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (!isStudioError(error) || error.status < 503) return next(error)
    response.setHeader('Retry-After', retryAfterSeconds)
    next(forStrangers(context, error))
  }
}

/** An error as a client may see it: which part of the studio is away, and where it lives, is for the log. */
export function forStrangers({ log }: Context, error: StudioError): StudioError {
  if (error.status < 503) return error
  dependencyFailed(log, error)
  return new StudioError(
    error.code,
    'Send the request again in a few seconds; with an Idempotency-Key a change is made only once.',
    { cause: error },
  )
}
