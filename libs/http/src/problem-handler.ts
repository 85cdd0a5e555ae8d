import { isStudioError, StudioError, toProblem } from '@studio/kernel'
import type { Logger } from '@studio/telemetry'
import type { ErrorRequestHandler, Express, RequestHandler } from 'express'
import { METHODS } from 'node:http'
import { answerJson } from './answer.ts'
import { invalidRequest, isZodError } from './validate.ts'

/** Answers every error as problem+json (RFC 9457). What is not in the catalogue is logged whole and answered without inner text. */
export function problemHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const known = asStudioError(error)
    const problem = toProblem(known ?? error)
    if (known === undefined || problem.code === 'internal_error')
      log.error({ error, method: request.method, path: request.path }, 'request failed')
    else
      log[problem.status >= 500 ? 'warn' : 'debug'](
        { code: problem.code, method: request.method, path: request.path },
        'request refused',
      )
    if (response.headersSent) return next(error)
    if (problem.status === 401 && !response.hasHeader('www-authenticate'))
      response.setHeader('www-authenticate', 'Bearer')
    // An upload that is refused is not read to its end: the connection cannot be used again.
    if (!request.complete) response.setHeader('connection', 'close')
    // The occurrence (RFC 9457 section 3.1.5): under this id it is found in the logs.
    const instance = `urn:studio:request:${String(response.getHeader('x-request-id'))}`
    answerJson(response, problem.status, { ...problem, instance }, 'application/problem+json')
  }
}

/** Express, body-parser and node raise errors with a `type` or a status; zod and ours have a shape. */
function asStudioError(error: unknown): StudioError | undefined {
  if (isStudioError(error)) return error
  if (isZodError(error)) return invalidRequest(error)
  if (typeof error !== 'object' || error === null) return undefined
  const { type, status } = error as { type?: unknown; status?: unknown }
  if (type === 'entity.parse.failed') return new StudioError('malformed_json', undefined, { cause: error })
  if (type === 'entity.too.large') return new StudioError('body_too_large', undefined, { cause: error })
  if (type === 'encoding.unsupported' || type === 'charset.unsupported')
    return new StudioError('unsupported_media_type', undefined, { cause: error })
  // A path that cannot be decoded names nothing.
  if (error instanceof URIError || status === 400)
    return new StudioError('not_found', 'The path is not valid.', { cause: error })
  return undefined
}

/** The answer where no route was: 405 with `Allow` where the path exists for another method, else 404. */
export function unknownRoute(app: Express): RequestHandler {
  return (request, response) => {
    const allowed = methodsAt((app as unknown as { router: RouterLike }).router, request.path)
    if (allowed.size === 0) throw new StudioError('not_found', 'Look at the path.')
    response.setHeader('allow', [...allowed].join(', '))
    throw new StudioError('method_not_allowed', `Use ${[...allowed].join(' or ')}.`)
  }
}

// What is read of express's router (the package `router` 2): its layers, which match a path and hold a route or a router.
interface RouterLike {
  stack: LayerLike[]
}
interface LayerLike {
  match(path: string): { path: string } | false
  route?: { methods: Record<string, boolean> }
  handle: Partial<RouterLike> & { internalPaths?: ReadonlySet<string> }
}

function methodsAt(router: RouterLike, path: string): Set<string> {
  const methods = new Set<string>()
  for (const layer of router.stack) {
    if (layer.handle.internalPaths?.has(path)) methods.add('POST')
    const match = layer.match(path)
    if (!match) continue
    for (const [method, served] of Object.entries(layer.route?.methods ?? {})) {
      if (served && METHODS.includes(method.toUpperCase())) methods.add(method.toUpperCase())
    }
    if (layer.handle.stack) {
      const rest = path.slice(match.path.length) || '/'
      for (const method of methodsAt({ stack: layer.handle.stack }, rest)) methods.add(method)
    }
  }
  return methods
}
