import { SignJWT } from 'jose'
import { loadSecrets } from '@studio/supervisor'
import { readConfig, type Config } from '../config.ts'
import { UserError } from '../user-error.ts'

/** A bearer token of the local user, good for a year. It fits the secret, issuer and audience that the gateway is started with. */
export async function localToken(config: Config): Promise<string> {
  const { environment } = config
  if (environment['STUDIO_JWKS_URL'] && !environment['STUDIO_JWT_SECRET'])
    throw new UserError('STUDIO_JWKS_URL is set: tokens come from your identity provider, not from here.')
  const secrets = loadSecrets(config.secretsFile)
  const token = new SignJWT()
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(secrets.userId)
    .setIssuedAt()
    .setExpirationTime('1y')
    .setIssuer(environment['STUDIO_JWT_ISSUER'] || 'studio-local')
  if (environment['STUDIO_JWT_AUDIENCE']) token.setAudience(environment['STUDIO_JWT_AUDIENCE'])
  return token.sign(new TextEncoder().encode(environment['STUDIO_JWT_SECRET'] || secrets.jwtSecret))
}

/** Prints the token and nothing else. */
export async function main(): Promise<number> {
  process.stdout.write(`${await localToken(readConfig())}\n`)
  return 0
}
