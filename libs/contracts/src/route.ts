import type { z } from 'zod'

/**
 * One internal request between services: POST of a JSON body to `path`. Server and client are both made from it, so that neither
 * can drift. `idempotent`: the client may send it again when the connection broke. `itemwise`: the body is `{items: T[]}` and the
 * answer `{items: R[]}` of the same length and order, each item on its own, so that a client may join concurrent calls in one request.
 */
export interface Route<Request extends z.ZodType = z.ZodType, Response extends z.ZodType = z.ZodType> {
  readonly path: string
  readonly request: Request
  readonly response: Response
  readonly idempotent: boolean
  readonly itemwise: boolean
}

/** The requests that one service answers, by name. */
export type Api = Readonly<Record<string, Route>>

export function route<Request extends z.ZodType, Response extends z.ZodType>(
  path: `/internal/${string}`,
  request: Request,
  response: Response,
  options: { idempotent?: boolean; itemwise?: boolean } = {},
): Route<Request, Response> {
  return { path, request, response, idempotent: options.idempotent ?? false, itemwise: options.itemwise ?? false }
}
