import { histogram, startSpan, withContext, type Logger } from '@studio/telemetry'
import type { Request, RequestHandler } from 'express'

const requestId = /^[\w.-]{1,128}$/
const probes = new Set(['/healthz', '/readyz', '/metrics'])

/**
 * Runs the rest of the request inside a span (child of the caller's traceparent) and a log context, answers `x-request-id`, and
 * records duration and status by route pattern (never by path: ids would make a series each).
 */
export function requestContext(log: Logger): RequestHandler {
  const duration = histogram(
    'studio_http_request_duration_seconds',
    'Time from the head of a request to the end of its answer.',
    ['method', 'route', 'status'],
  )
  return (request, response, next) => {
    if (probes.has(request.url)) return next()
    const start = performance.now()
    const span = startSpan(request.method, { kind: 'server', parent: header(request, 'traceparent') })
    const given = header(request, 'x-request-id')
    const id = given !== undefined && requestId.test(given) ? given : span.traceId
    response.setHeader('x-request-id', id)
    response.once('close', () => {
      const route = routeOf(request)
      const status = response.writableFinished ? response.statusCode : 499
      const milliseconds = performance.now() - start
      duration.observe({ method: request.method, route, status }, milliseconds / 1000)
      if (span.span.isRecording()) {
        span.span.updateName(`${request.method} ${route}`)
        span.span.setAttributes({
          'http.request.method': request.method,
          'http.route': route,
          'http.response.status_code': status,
        })
      }
      if (log.isLevelEnabled('debug')) {
        span.run(() =>
          withContext({ request_id: id }, () =>
            log.debug({ method: request.method, route, status, duration_ms: Math.round(milliseconds) }, 'request'),
          ),
        )
      }
      span.end(status >= 500 ? { code: status } : undefined)
    })
    span.run(() => withContext({ request_id: id }, next))
  }
}

function header(request: Request, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}

// Internal routes are fixed paths of contracts; they are only counted under their name when they were answered by one.
function routeOf(request: Request): string {
  const pattern: unknown = (request.route as { path?: unknown } | undefined)?.path
  if (typeof pattern === 'string') return `${request.baseUrl}${pattern}`
  return request.res?.locals['route'] === undefined ? 'unknown' : String(request.res.locals['route'])
}
