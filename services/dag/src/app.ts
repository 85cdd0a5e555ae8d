import { createApp, serveRoutes } from '@studio/http'
import { dagApi } from '@studio/contracts'
import type { Context } from './context.ts'
import { cascadeRoutes } from './routes/cascades.ts'
import { claimRoutes } from './routes/claims.ts'
import { derivationRoutes } from './routes/derivations.ts'
import { explanationRoutes } from './routes/explanations.ts'
import { graphRoutes, serveGraphs } from './routes/graphs.ts'
import { jobRoutes } from './routes/jobs.ts'
import { pastRoutes } from './routes/past.ts'
import { previewRoutes } from './routes/previews.ts'
import { purgeRoutes } from './routes/purges.ts'
import { verificationRoutes } from './routes/verifications.ts'

type App = ReturnType<typeof createApp>

export function createDagApp(context: Context): App {
  return createApp({
    service: 'dag',
    log: context.log,
    internalToken: context.config.STUDIO_INTERNAL_TOKEN,
    readiness: {
      database: () => context.database.ping(),
      nats: () => context.bus.ping(),
      temporal: () => context.bell.ping(),
    },
    routes: (app) => {
      serveRoutes(app, dagApi, {
        ...cascadeRoutes(context),
        ...claimRoutes(context),
        ...derivationRoutes(context),
        ...explanationRoutes(context),
        ...graphRoutes(context),
        ...jobRoutes(context),
        ...pastRoutes(context),
        ...previewRoutes(context),
        ...purgeRoutes(context),
        ...verificationRoutes(context),
      })
      serveGraphs(app, context)
    },
  })
}
