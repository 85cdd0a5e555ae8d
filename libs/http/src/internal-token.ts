import { StudioError } from '@studio/kernel'
import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { RequestHandler } from 'express'

/**
 * A check of `authorization: Bearer <the studio's internal token>`; throws `unauthenticated`. Digests are compared, in constant time,
 * so that neither the token nor its length can be measured.
 */
export function internalTokenCheck(token: string): (request: IncomingMessage) => void {
  const expected = hash('sha256', `Bearer ${token}`, 'buffer')
  return (request) => {
    const given = hash('sha256', request.headers.authorization ?? '', 'buffer')
    if (!timingSafeEqual(expected, given))
      throw new StudioError('unauthenticated', 'This route is for the other parts of the studio.')
  }
}

/** The same check as a middleware, for raw internal routes. */
export function requireInternalToken(token: string): RequestHandler {
  const check = internalTokenCheck(token)
  return (request, _response, next) => {
    check(request)
    next()
  }
}
