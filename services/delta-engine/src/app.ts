import { deltaApi } from '@studio/contracts'
import { createApp, serveRoutes } from '@studio/http'
import type { Express } from 'express'
import type { Context } from './context.ts'
import { deltaHandlers } from './routes/delta-api.ts'
import { serveDryRuns } from './routes/dry-runs.ts'

/** Routes and readiness of the service; listens nowhere. */
export function createDeltaApp(context: Context): Express {
  const { config, log, database, bus } = context
  return createApp({
    service: 'delta-engine',
    log,
    internalToken: config.STUDIO_INTERNAL_TOKEN,
    readiness: { database: () => database.ping(), nats: () => bus.ping() },
    routes: (app) => {
      serveRoutes(app, deltaApi, deltaHandlers(context))
      serveDryRuns(app, context)
    },
  })
}
