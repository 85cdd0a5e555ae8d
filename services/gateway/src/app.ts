import { createApp } from '@studio/http'
import type { Express } from 'express'
import type { Context } from './context.ts'
import { frontPageRoute } from './routes/front-page.ts'
import { publicApi } from './routes/index.ts'

/** The gateway's express app; it does not listen. */
export function createGatewayApp(context: Context): Express {
  return createApp({
    service: 'gateway',
    log: context.log,
    readiness: {
      blob: () => context.blob.ping(),
      'delta-engine': () => context.deltaEngine.ping(),
      dag: () => context.dag.ping(),
      'provider-registry': () => context.registry.ping(),
    },
    routes: (app) => {
      frontPageRoute(app)
      app.use(['/api/v1/studio', '/api/v1'], publicApi(context))
    },
  })
}
