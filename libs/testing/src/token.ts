import { createHmac } from 'node:crypto'

/**
 * A signed JWT (RFC 7519, HS256).
 *
 * @param claims go in as they are; `iat` and `exp` (one hour) are added where missing
 */
export function signToken(secret: string, claims: Record<string, unknown>): string {
  const now = Math.floor(Date.now() / 1000)
  const signed = [
    { alg: 'HS256', typ: 'JWT' },
    { iat: now, exp: now + 3600, ...claims },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
