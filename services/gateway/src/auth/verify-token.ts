import { createSecretKey } from 'node:crypto'
import { principalId, StudioError } from '@studio/kernel'
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import { LRUCache } from 'lru-cache'
import { tokenCache } from '../telemetry.ts'

/** Who asks: the owner of the data and the author of its changes, both uuids. */
export interface Principal {
  readonly tenant_id: string
  readonly user_id: string
}

/** The principal of a bearer token; throws `unauthenticated`, `token_expired`, or `dependency_unavailable` when the keys cannot be had. */
export type VerifyToken = (token: string) => Promise<Principal>

export interface TokenSources {
  /** Shared secret of HS256. */
  readonly secret?: string | undefined
  /** Where the public keys of RS256, ES256 and EdDSA are. */
  readonly jwksUrl?: string | undefined
  readonly issuer?: string | undefined
  readonly audience?: string | undefined
}

const asymmetric = ['RS256', 'ES256', 'EdDSA', 'Ed25519']
/** A revoked key is trusted for at most this long after it was last seen to be good. */
const cacheMilliseconds = 5 * 60_000
const cachedTokens = 10_000
const longestName = 255

export function createTokenVerifier(sources: TokenSources): VerifyToken {
  const { secret, jwksUrl, issuer, audience } = sources
  const secretKey = secret === undefined ? undefined : createSecretKey(secret, 'utf8')
  const publicKeys = jwksUrl === undefined ? undefined : createRemoteJWKSet(new URL(jwksUrl))
  const algorithms = [...(secretKey ? ['HS256'] : []), ...(publicKeys ? asymmetric : [])]
  // The algorithm decides the source, never the other way: a public key can't be taken for a shared secret.
  const keyFor: JWTVerifyGetKey = async (header, token) => {
    if (header.alg === 'HS256' && secretKey) return secretKey
    if (header.alg !== 'HS256' && publicKeys) return publicKeys(header, token)
    throw new errors.JOSEAlgNotAllowed('no key for this algorithm')
  }

  const verified = new LRUCache<string, Principal>({ max: cachedTokens, ttl: cacheMilliseconds })

  return async (token) => {
    const known = verified.get(token)
    if (known) {
      tokenCache.hit()
      return known
    }
    tokenCache.miss()
    const payload = await jwtVerify(token, keyFor, { algorithms, issuer, audience }).then(
      (result) => result.payload,
      (error: unknown) => {
        throw asStudioError(error)
      },
    )
    const principal = principalOf(payload)
    const lifetime =
      payload.exp === undefined ? cacheMilliseconds : Math.min(payload.exp * 1000 - Date.now(), cacheMilliseconds)
    if (lifetime >= 1) verified.set(token, principal, { ttl: Math.floor(lifetime) })
    return principal
  }
}

/** The tenant is the claim `tenant`, else `sub`; the user is `sub`. */
function principalOf(payload: JWTPayload): Principal {
  const user = payload.sub
  const tenant = payload['tenant'] ?? user
  if (!isName(user) || !isName(tenant))
    throw new StudioError('unauthenticated', 'The token needs a subject (`sub`), and `tenant`, where given, is a text.')
  return { tenant_id: principalId('tenant', tenant), user_id: principalId('user', user) }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= longestName
}

function asStudioError(error: unknown): StudioError {
  if (error instanceof errors.JWTExpired)
    return new StudioError('token_expired', 'Get a new token and send the request again.')
  const keysUnreachable =
    error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || !(error instanceof errors.JOSEError)
  // jose says "Expected 200 OK from the JSON Web Key Set HTTP response" with its base class: the keys' server is at fault, not the token.
  if (keysUnreachable || (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC')) {
    return new StudioError(
      'dependency_unavailable',
      'The keys that tokens are checked with cannot be had now. Try again.',
      { cause: error },
    )
  }
  return new StudioError(
    'unauthenticated',
    'The bearer token is not valid here. Check who issued it, for whom, and its signature.',
    { cause: error },
  )
}
