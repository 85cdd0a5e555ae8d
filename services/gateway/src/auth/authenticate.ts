import { isStudioError, StudioError } from '@studio/kernel'
import { withContext } from '@studio/telemetry'
import type { RequestHandler, Response } from 'express'
import type { Principal, VerifyToken } from './verify-token.ts'

const bearer = /^Bearer +([\w.~+/=-]+) *$/i

/** Lets a request with a valid bearer token through (RFC 6750); `principalOf(response)` then says whose it is. */
export function authenticate(verifyToken: VerifyToken): RequestHandler {
  return async (request, response, next) => {
    response.setHeader('Vary', 'Authorization')
    const header = request.headers.authorization
    const token = header === undefined ? undefined : bearer.exec(header)?.[1]
    if (token === undefined) {
      response.setHeader('WWW-Authenticate', 'Bearer realm="studio"')
      throw new StudioError('unauthenticated', 'Send the header `Authorization: Bearer <token>`.')
    }
    const principal = await verifyToken(token).catch((error: unknown) => {
      if (isStudioError(error) && error.status === 401) {
        response.setHeader(
          'WWW-Authenticate',
          `Bearer realm="studio", error="invalid_token", error_description="${error.message}"`,
        )
      }
      throw error
    })
    response.locals['principal'] = principal
    withContext({ tenant_id: principal.tenant_id }, next)
  }
}

export function principalOf(response: Response): Principal {
  return response.locals['principal'] as Principal
}
