import { isStudioError, StudioError } from '@studio/kernel'
import express, { type ErrorRequestHandler, type Router } from 'express'
import { authenticate } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { dependencyFailed } from '../telemetry.ts'
import { changeBlobRoutes } from './change-blob.ts'
import { createBlobRoute } from './create-blob.ts'
import { graphRoutes } from './graph.ts'
import { historyRoutes } from './history.ts'
import { providerRoutes } from './providers.ts'
import { readBlobRoutes } from './read-blob.ts'

/** The public API. Routes are tried in their order: the most used stand first. */
export function publicApi(context: Context): Router {
  const router = express.Router()
  router.use(authenticate(context.verifyToken))
  readBlobRoutes(router, context)
  createBlobRoute(router, context)
  changeBlobRoutes(router, context)
  graphRoutes(router, context)
  historyRoutes(router, context)
  providerRoutes(router, context)
  router.use(retryLater(context))
  return router
}

const retryAfterSeconds = 2

/**
 * What may work later says when to come again (RFC 9110 section 10.2.3). Which part of the studio is away, and where it lives, is for the
 * log and not for strangers.
 */
function retryLater(context: Context): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (!isStudioError(error) || error.status < 503) return next(error)
    dependencyFailed(context.log, error)
    response.setHeader('Retry-After', retryAfterSeconds)
    next(
      new StudioError(
        error.code,
        'Send the request again in a few seconds; with an Idempotency-Key a change is made only once.',
        { cause: error },
      ),
    )
  }
}
