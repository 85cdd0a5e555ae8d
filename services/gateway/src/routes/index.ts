import express, { type Router } from 'express'
import { authenticate } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { cascadeRoutes } from './cascades.ts'
import { changeBlobRoutes } from './change-blob.ts'
import { createBlobRoute } from './create-blob.ts'
import { deltaRoutes } from './deltas.ts'
import { derivationRoutes } from './derivations.ts'
import { diffRoute } from './diff.ts'
import { graphRoutes } from './graph.ts'
import { historyRoutes } from './history.ts'
import { operationRoutes } from './operations.ts'
import { overlayRoutes } from './overlays.ts'
import { provenanceRoute } from './past.ts'
import { previewRoutes } from './previews.ts'
import { providerRoutes } from './providers.ts'
import { publishedRoute } from './published.ts'
import { purgeRoutes } from './purges.ts'
import { readBlobRoutes } from './read-blob.ts'
import { retryLater } from './retry-later.ts'
import { verificationRoutes } from './verifications.ts'

/** The public API. Routes are tried in their order: the most used stand first. */
export function publicApi(context: Context): Router {
  const router = express.Router()
  router.use(authenticate(context.verifyToken))
  readBlobRoutes(router, context)
  createBlobRoute(router, context)
  changeBlobRoutes(router, context)
  operationRoutes(router, context)
  overlayRoutes(router, context)
  publishedRoute(router, context)
  graphRoutes(router, context)
  provenanceRoute(router, context)
  previewRoutes(router, context)
  cascadeRoutes(router, context)
  derivationRoutes(router, context)
  historyRoutes(router, context)
  deltaRoutes(router, context)
  diffRoute(router, context)
  providerRoutes(router, context)
  purgeRoutes(router, context)
  verificationRoutes(router, context)
  router.use(retryLater(context))
  return router
}
