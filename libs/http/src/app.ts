import { metricsContentType, metricsText, type Logger } from '@studio/telemetry'
import express, { type Express } from 'express'
import { answerJson } from './answer.ts'
import { problemHandler, unknownRoute } from './problem-handler.ts'
import { requestContext } from './request-context.ts'
import { keepSettings } from './settings.ts'

/**
 * Checks by the name of what they ask. One that throws makes the service not ready; one that answers `degraded` is shown as such and the
 * service stays ready (it can do its work without that part for a while).
 */
export type Readiness = Readonly<Record<string, () => Promise<void | 'degraded'>>>

export interface AppOptions {
  service: string
  log: Logger
  readiness: Readiness
  /** Adds the service's own routes. */
  routes: (app: Express) => void
  /** Secret of the internal routes; needed by `serveRoutes`. */
  internalToken?: string
  /** Most bytes of the body of an internal request; 64 MiB unless told. */
  bodyLimitBytes?: number
}

const readinessDeadlineMs = 2000

/**
 * An express app with what all services share: request context and traces, /healthz, /readyz, /metrics, problem+json for errors and for
 * unknown routes. Bodies are parsed only by the routes that ask for it.
 */
export function createApp(options: AppOptions): Express {
  const { service, log, readiness } = options
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  keepSettings(app, { internalToken: options.internalToken, bodyLimitBytes: options.bodyLimitBytes ?? 64 * 2 ** 20 })
  app.use(requestContext(log))
  options.routes(app)
  app.get('/healthz', (_request, response) => answerJson(response, 200, { service, status: 'alive' }))
  app.get('/readyz', async (_request, response) => {
    const checks = await checkAll(readiness)
    const ready = !Object.values(checks).some((state) => state === 'failed')
    answerJson(response, ready ? 200 : 503, { service, status: ready ? 'ready' : 'not_ready', checks })
  })
  app.get('/metrics', async (_request, response) => {
    response.setHeader('content-type', metricsContentType)
    response.end(await metricsText())
  })
  app.use(unknownRoute(app))
  app.use(problemHandler(log))
  return app
}

type CheckState = 'ok' | 'degraded' | 'failed'

async function checkAll(readiness: Readiness): Promise<Record<string, CheckState>> {
  const results = await Promise.all(
    Object.entries(readiness).map(async ([name, check]): Promise<[string, CheckState]> => {
      const { promise: late, reject } = Promise.withResolvers<never>()
      const timer = setTimeout(() => reject(new Error(`${name} did not answer`)), readinessDeadlineMs)
      try {
        return [name, (await Promise.race([check(), late])) ?? 'ok']
      } catch {
        return [name, 'failed']
      } finally {
        clearTimeout(timer)
      }
    }),
  )
  return Object.fromEntries(results)
}
