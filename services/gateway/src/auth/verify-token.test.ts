import { createSecretKey, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose'
import { createTokenVerifier } from './verify-token.ts'

const secret = 'a secret of the verifier test, long enough'
const verify = createTokenVerifier({ secret, issuer: 'tests', audience: 'studio' })

function sign(
  claims: JWTPayload,
  { key = secret, expires = '1h' }: { key?: string; expires?: string | number } = {},
): Promise<string> {
  return new SignJWT({ iss: 'tests', aud: 'studio', ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(expires)
    .sign(createSecretKey(key, 'utf8'))
}

const refusal = (code: string): unknown => expect.objectContaining({ code })

test('tenant is the claim, else the subject; names become uuids', async () => {
  const id = randomUUID()
  expect(await verify(await sign({ sub: id }))).toEqual({ tenant_id: id, user_id: id })
  const named = await verify(await sign({ sub: 'ada', tenant: 'analysts' }))
  expect(named.tenant_id).toMatch(/^[0-9a-f-]{36}$/)
  expect(named.tenant_id).not.toBe(named.user_id)
  expect(await verify(await sign({ sub: 'ada', tenant: 'analysts' }))).toEqual(named)
})

test('refuses what is expired, signed by others, for others, from others, or of nobody', async () => {
  await expect(verify(await sign({ sub: 'ada' }, { expires: Math.floor(Date.now() / 1000) - 1 }))).rejects.toEqual(
    refusal('token_expired'),
  )
  await expect(verify(await sign({ sub: 'ada' }, { key: `${secret}!` }))).rejects.toEqual(refusal('unauthenticated'))
  await expect(verify(await sign({ sub: 'ada', aud: 'elsewhere' }))).rejects.toEqual(refusal('unauthenticated'))
  await expect(verify(await sign({ sub: 'ada', iss: 'stranger' }))).rejects.toEqual(refusal('unauthenticated'))
  await expect(verify(await sign({}))).rejects.toEqual(refusal('unauthenticated'))
  await expect(verify(await sign({ sub: 'ada', tenant: 7 }))).rejects.toEqual(refusal('unauthenticated'))
  await expect(verify('not.a.token')).rejects.toEqual(refusal('unauthenticated'))
})

test('an unsigned token is refused', async () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  await expect(
    verify(`${part({ alg: 'none' })}.${part({ sub: 'ada', iss: 'tests', aud: 'studio' })}.`),
  ).rejects.toEqual(refusal('unauthenticated'))
})

test('a token that was seen is refused once it has expired', async () => {
  const token = await sign({ sub: 'ada' }, { expires: Math.ceil(Date.now() / 1000) + 1 })
  await verify(token)
  const deadline = Date.now() + 5000
  for (;;) {
    const outcome = await verify(token).then(
      () => 'accepted',
      (error: { code: string }) => error.code,
    )
    if (outcome === 'token_expired') break
    expect(outcome).toBe('accepted')
    expect(Date.now()).toBeLessThan(deadline)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
})

describe('with a key set', () => {
  let server: Server
  let jwksUrl: string
  let keys: Awaited<ReturnType<typeof generateKeyPair>>

  beforeAll(async () => {
    keys = await generateKeyPair('ES256')
    const body = JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256' }] })
    server = createServer((_request, response) => response.end(body))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  const signed = (kid = 'one') =>
    new SignJWT({ sub: 'ada' }).setProtectedHeader({ alg: 'ES256', kid }).setExpirationTime('1h').sign(keys.privateKey)

  test('takes its keys, and no secret besides', async () => {
    const verifyByKey = createTokenVerifier({ jwksUrl })
    expect(await verifyByKey(await signed())).toEqual(expect.objectContaining({ tenant_id: expect.any(String) }))
    await expect(verifyByKey(await signed('two'))).rejects.toEqual(refusal('unauthenticated'))
    await expect(verifyByKey(await sign({ sub: 'ada' }))).rejects.toEqual(refusal('unauthenticated'))
  })

  test('keys that cannot be had are our fault, not the token’s', async () => {
    const verifyByKey = createTokenVerifier({ jwksUrl: 'http://127.0.0.1:1/keys' })
    await expect(verifyByKey(await signed())).rejects.toEqual(refusal('dependency_unavailable'))
  })
})
