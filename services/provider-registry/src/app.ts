import { registryApi } from '@studio/contracts'
import { createApp, serveRoutes } from '@studio/http'
import type { Express } from 'express'
import type { Context } from './context.ts'
import { matchRoute } from './routes/match.ts'
import { listRoute, readRoute, registerRoute, resolveConfigRoute, setStatusRoute } from './routes/providers.ts'

export function createRegistryApp(context: Context): Express {
  const { config, log, database, bus } = context
  return createApp({
    service: 'provider-registry',
    log,
    internalToken: config.STUDIO_INTERNAL_TOKEN,
    readiness: { database: () => database.ping(), nats: () => bus.ping() },
    routes: (app) =>
      serveRoutes(app, registryApi, {
        register: registerRoute(context),
        list: listRoute(context),
        read: readRoute(context),
        setStatus: setStatusRoute(context),
        resolveConfig: resolveConfigRoute(context),
        match: matchRoute(context),
      }),
  })
}
