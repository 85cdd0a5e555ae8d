import { StudioError } from '@studio/kernel'
import { route } from '@studio/contracts'
import { createLogger, currentTraceparent } from '@studio/telemetry'
import { connect } from 'node:net'
import { once } from 'node:events'
import { Router } from 'express'
import { z } from 'zod'
import { createApp, listen, type Readiness, readJson, type RunningServer, serveRoutes } from '../src/index.ts'

const token = 'a-token-that-is-long'
const lines: string[] = []
const log = createLogger({ service: 'test', level: 'info', destination: { write: (line) => void lines.push(line) } })
const api = {
  double: route(
    '/internal/double',
    z.object({ items: z.array(z.object({ 'a/b': z.number() })) }),
    z.object({ items: z.array(z.number()) }),
  ),
  fail: route('/internal/fail', z.object({ how: z.string() }), z.object({})),
  wait: route('/internal/wait', z.object({}), z.object({})),
  trace: route('/internal/trace', z.object({}), z.object({ traceparent: z.string().optional() })),
}
const readiness: Record<string, () => Promise<void | 'degraded'>> = {}
let server: RunningServer
let waiting = Promise.withResolvers<AbortSignal>()

beforeAll(async () => {
  const app = createApp({
    service: 'test',
    log,
    internalToken: token,
    bodyLimitBytes: 1000,
    readiness: readiness satisfies Readiness,
    routes: (app) => {
      serveRoutes(app, api, {
        double: async ({ items }) => ({ items: items.map((item) => item['a/b'] * 2) }),
        fail: async ({ how }) => {
          throw how === 'known'
            ? new StudioError('version_conflict', 'Read it again.', { extensions: { current_version: 4 } })
            : new Error('inner text')
        },
        wait: (_request, { signal }) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => resolve({}))
            waiting.resolve(signal)
          }),
        trace: async () => ({ traceparent: currentTraceparent() }),
      })
      app.post('/public', async (request, response) => {
        response.json({ data: await readJson(request, { limitBytes: 1000 }) })
      })
      app.post('/parsed', async (request, response) => {
        response.json(z.strictObject({ name: z.string() }).parse(await readJson(request, { limitBytes: 1000 })))
      })
      app.use(
        '/nested',
        Router().get('/things/:id', (_request, response) => void response.json({})),
      )
    },
  })
  server = await listen(app, { host: '127.0.0.1', port: 0, log })
})
afterAll(() => server.close())
beforeEach(() => {
  for (const name of Object.keys(readiness)) delete readiness[name]
  lines.length = 0
})

async function post(
  path: string,
  body: unknown,
  headers: Record<string, string> = { authorization: `Bearer ${token}` },
) {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  }
}

test('a served route takes and answers JSON', async () => {
  expect(await post('/internal/double', { items: [{ 'a/b': 2 }] })).toMatchObject({ status: 200, body: { items: [4] } })
})

test('a wrong body is answered with pointers to its wrong places', async () => {
  expect(await post('/internal/double', { items: [{ 'a/b': 2 }, { 'a/b': '2' }] })).toMatchObject({
    status: 422,
    body: { code: 'invalid_request', errors: [{ pointer: '/items/1/a~1b' }] },
  })
  expect(await post('/internal/double', '{"items": [')).toMatchObject({ status: 400, body: { code: 'malformed_json' } })
  expect(await post('/internal/double', '')).toMatchObject({ status: 400, body: { code: 'malformed_json' } })
  expect(await post('/internal/double', { items: 'x'.repeat(1001) })).toMatchObject({
    status: 413,
    body: { code: 'body_too_large' },
  })
})

test('without the token nothing is served', async () => {
  for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: token }] as Record<string, string>[]) {
    const answer = await post('/internal/double', { items: [] }, headers)
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  }
})

test('a StudioError keeps its code and members, an unknown error is logged and not told', async () => {
  const known = await post('/internal/fail', { how: 'known' })
  expect(known).toMatchObject({
    status: 409,
    body: { code: 'version_conflict', detail: 'Read it again.', current_version: 4 },
  })
  expect(known.headers.get('content-type')).toBe('application/problem+json')
  const unknown = await post('/internal/fail', { how: 'other' })
  expect(unknown).toMatchObject({ status: 500, body: { code: 'internal_error' } })
  expect(JSON.stringify(unknown.body)).not.toContain('inner text')
  expect(lines.join()).toContain('inner text')
})

test('unknown paths are 404, known ones with another method 405', async () => {
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(server.url + path, { method })
    return {
      status: response.status,
      allow: response.headers.get('allow'),
      code: ((await response.json()) as { code: string }).code,
    }
  }
  expect(await get('/nowhere')).toEqual({ status: 404, allow: null, code: 'not_found' })
  expect(await get('/%ff')).toMatchObject({ status: 404, code: 'not_found' })
  expect(await get('/internal/double')).toEqual({ status: 405, allow: 'POST', code: 'method_not_allowed' })
  expect(await get('/public', 'DELETE')).toEqual({ status: 405, allow: 'POST', code: 'method_not_allowed' })
  expect(await get('/nested/things/1', 'PUT')).toMatchObject({ status: 405, allow: 'GET' })
})

test('a public JSON body has a type, a size and a depth', async () => {
  const json = { 'content-type': 'application/json' }
  expect(await post('/public', { a: [[1]] }, json)).toMatchObject({ status: 200, body: { data: { a: [[1]] } } })
  expect(await post('/public', `${'['.repeat(65)}${']'.repeat(65)}`, json)).toMatchObject({
    status: 422,
    body: { code: 'json_too_deep', errors: [{ pointer: '/0'.repeat(64) }] },
  })
  expect(await post('/public', 'a=1', { 'content-type': 'application/x-www-form-urlencoded' })).toMatchObject({
    status: 415,
  })
  expect(await post('/public', '{}', { ...json, 'content-encoding': 'gzip' })).toMatchObject({
    status: 415,
    body: { code: 'unsupported_media_type' },
  })
})

test('a zod error that a route lets out is an invalid request, unknown members included', async () => {
  expect(await post('/parsed', { name: 'a', nick: 'b' }, { 'content-type': 'application/json' })).toMatchObject({
    status: 422,
    body: { code: 'invalid_request', errors: [{ pointer: '/nick' }] },
  })
})

test('the trace of the caller goes on', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const answer = await post('/internal/trace', {}, { authorization: `Bearer ${token}`, traceparent })
  expect(answer.body).toEqual({ traceparent })
  expect(answer.headers.get('x-request-id')).toBe('0af7651916cd43dd8448eb211c80319c')
})

test('readiness names what fails; a degraded part does not take the service out', async () => {
  const ready = async () => {
    const response = await fetch(`${server.url}/readyz`)
    return { status: response.status, body: await response.json() }
  }
  readiness['nats'] = async () => 'degraded'
  expect(await ready()).toEqual({
    status: 200,
    body: { service: 'test', status: 'ready', checks: { nats: 'degraded' } },
  })
  readiness['database'] = () => Promise.reject(new Error('gone'))
  expect(await ready()).toMatchObject({
    status: 503,
    body: { status: 'not_ready', checks: { nats: 'degraded', database: 'failed' } },
  })
})

test('metrics count by route, not by path', async () => {
  await post('/internal/double', { items: [] })
  await fetch(`${server.url}/nested/things/42`)
  const text = await (await fetch(`${server.url}/metrics`)).text()
  expect(text).toContain('route="/internal/double"')
  expect(text).toContain('route="/nested/things/:id"')
  expect(text).not.toContain('things/42')
})

test('a taken port is told in one line', async () => {
  const app = createApp({ service: 'second', log, readiness: {}, routes: () => undefined })
  await expect(listen(app, { host: '127.0.0.1', port: server.port, log })).rejects.toThrow(
    `port ${server.port} of 127.0.0.1 is taken by another process`,
  )
})

test('a handler learns that its caller hung up', async () => {
  waiting = Promise.withResolvers()
  const socket = connect(server.port, '127.0.0.1')
  socket.write(
    `POST /internal/wait HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-length: 2\r\n\r\n{}`,
  )
  const signal = await waiting.promise
  const aborted = once(signal, 'abort')
  socket.destroy()
  await aborted
  expect(signal.aborted).toBe(true)
})

test('closing finishes what is in flight and cuts what takes too long', async () => {
  const finish = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const app = createApp({
    service: 'draining',
    log,
    readiness: {},
    routes: (app) =>
      void app.get('/slow', async (_request, response) => {
        begun.resolve()
        await finish.promise
        response.json({ done: true })
      }),
  })
  const draining = await listen(app, { host: '127.0.0.1', port: 0, log })
  const answer = fetch(`${draining.url}/slow`)
  await begun.promise
  const closed = draining.close()
  finish.resolve()
  expect(await (await answer).json()).toEqual({ done: true })
  await closed
  await expect(fetch(`${draining.url}/slow`)).rejects.toThrow()
})
