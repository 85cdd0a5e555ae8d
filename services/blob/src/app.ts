import { blobApi } from '@studio/contracts'
import { createApp, serveRoutes } from '@studio/http'
import type { Express } from 'express'
import type { Context } from './context.ts'
import { blobHandlers } from './routes/blob-api.ts'
import { serveContents } from './routes/contents.ts'

/** Routes and readiness of the service; listens nowhere. */
export function createBlobApp(context: Context): Express {
  const { config, log, database, bus } = context
  return createApp({
    service: 'blob',
    log,
    internalToken: config.STUDIO_INTERNAL_TOKEN,
    readiness: { database: () => database.ping(), nats: () => bus.ping() },
    routes: (app) => {
      serveRoutes(app, blobApi, blobHandlers(context))
      serveContents(app, context)
    },
  })
}
