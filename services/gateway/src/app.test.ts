import { createSecretKey, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { secret, inner, call, created, problem } from '../tests/route-fixture.ts'

describe('who asks', () => {
  test.each<[string, Record<string, string>, string]>([
    ['no token', {}, 'Bearer realm="studio"'],
    ['another scheme', { authorization: 'Basic YTpi' }, 'Bearer realm="studio"'],
    ['a broken token', { authorization: 'Bearer x.y.z' }, 'error="invalid_token"'],
  ])('refuses %s', async (_what, headers, challenge) => {
    for (const [method, path] of [
      ['GET', '/blobs'],
      ['POST', '/blobs'],
      ['GET', '/nowhere'],
    ] as const) {
      const refused = await problem(call(method, path, { as: null, headers }))
      expect(refused).toMatchObject({ status: 401, code: 'unauthenticated', submitted: 0 })
      expect(refused.headers.get('www-authenticate')).toContain(challenge)
    }
  })

  test('an expired token says so', async () => {
    const expired = await new SignJWT({ sub: 'ada' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(1)
      .sign(createSecretKey(secret, 'utf8'))
    expect(await problem(call('GET', '/blobs', { as: expired }))).toMatchObject({ status: 401, code: 'token_expired' })
  })
})

test('the front page, health and metrics need no token', async () => {
  for (const path of ['/', '/api/v1', '/api/v1/studio', '/healthz', '/readyz', '/metrics']) {
    expect((await call('GET', path, { as: null, base: '' })).status).toBe(200)
  }
  expect((await call('GET', '/metrics', { as: null, base: '' })).text).toContain(
    'studio_cache_hit_rate{cache_type="tokens"}',
  )
})

test('a wrong method is told the right ones', async () => {
  const { status, code, headers } = await problem(call('PUT', `/blobs/${randomUUID()}`, { body: 'x' }))
  expect([status, code]).toEqual([405, 'method_not_allowed'])
  expect(headers.get('allow')).toContain('PATCH')
})

test('a dependency that is away is a 503 with Retry-After that names no address', async () => {
  inner.failNext('dependency_unavailable')
  const { id } = await created().catch(() => ({ id: '' }))
  expect(id).toBe('')
  inner.failNext('dependency_unavailable')
  const refused = await problem(call('POST', '/blobs', { body: { text: 'a' } }))
  expect(refused).toMatchObject({ status: 503, code: 'dependency_unavailable' })
  expect(refused.headers.get('retry-after')).toBe('2')
})
