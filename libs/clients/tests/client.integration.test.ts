import { route } from '@studio/contracts'
import { span } from '@studio/telemetry'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { createClient, type Client } from '../src/index.ts'

const api = {
  read: route(
    '/internal/read',
    z.object({ items: z.array(z.object({ id: z.string() })) }),
    z.object({ items: z.array(z.string()) }),
    {
      idempotent: true,
      itemwise: true,
    },
  ),
  write: route('/internal/write', z.object({ id: z.string() }), z.object({ done: z.boolean() })),
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void
let answer: Answer
let server: Server
let client: Client<typeof api>
let requests: { path: string; headers: IncomingMessage['headers']; body: string }[]

const json = (response: ServerResponse, status: number, value: unknown) =>
  response.writeHead(status).end(JSON.stringify(value))
const start = (port = 0) =>
  new Promise<Server>((resolve) => {
    const made = createServer((request, response) => {
      void text(request).then((body) => {
        requests.push({ path: request.url ?? '', headers: request.headers, body })
        answer(request, response, body)
      })
    }).listen(port, '127.0.0.1', () => resolve(made))
  })
const stop = (of: Server) =>
  new Promise<void>((resolve) => {
    of.close(() => resolve())
    of.closeAllConnections()
  })
const portOf = (of: Server) => (of.address() as AddressInfo).port

beforeEach(async () => {
  requests = []
  answer = (_request, response) => void json(response, 200, { items: ['x'] })
  server = await start()
  client = createClient(api, { baseUrl: `http://127.0.0.1:${portOf(server)}`, token: 'secret-token' })
})
afterEach(async () => {
  await client.close()
  await stop(server)
})

test('a call carries token and trace, and answers the body', async () => {
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  expect(await span('outer', { parent }, () => client.call('read', { items: [{ id: 'a' }] }))).toEqual({ items: ['x'] })
  expect(requests[0]).toMatchObject({
    path: '/internal/read',
    headers: { authorization: 'Bearer secret-token', traceparent: parent },
    body: '{"items":[{"id":"a"}]}',
  })
})

test('single items are joined', async () => {
  answer = (_request, response, body) =>
    void json(response, 200, { items: (JSON.parse(body) as { items: { id: string }[] }).items.map(({ id }) => id) })
  expect(await Promise.all(['a', 'b', 'c'].map((id) => client.one('read', { id })))).toEqual(['a', 'b', 'c'])
  expect(requests).toHaveLength(1)
})

test('a problem is thrown as the error that it was', async () => {
  const problem = {
    type: 'x',
    title: 'x',
    status: 409,
    code: 'version_conflict',
    detail: 'Read it again.',
    retryable: true,
    current_version: 3,
  }
  answer = (_request, response) => void json(response, 409, problem)
  await expect(client.call('write', { id: 'a' })).rejects.toMatchObject({
    code: 'version_conflict',
    message: 'Read it again.',
    extensions: { current_version: 3 },
  })
})

test('an answer that is not ours is an unavailable dependency', async () => {
  answer = (_request, response) => void response.writeHead(502).end('<html>')
  await expect(client.call('read', { items: [] })).rejects.toMatchObject({ code: 'dependency_unavailable' })
})

test('a late answer is a timeout', async () => {
  answer = () => undefined
  await expect(client.call('read', { items: [] }, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'timeout' })
})

test('a service that is being restarted is waited for', async () => {
  const port = portOf(server)
  await stop(server)
  const call = client.call('write', { id: 'a' })
  answer = (_request, response) => void json(response, 200, { done: true })
  server = await start(port)
  expect(await call).toEqual({ done: true })
})

test('after a broken connection only idempotent requests are sent again', async () => {
  const breakOnce: Answer = (request, response) => {
    answer = (_again, later) => void json(later, 200, { items: [] })
    response.destroy()
    request.destroy()
  }
  answer = breakOnce
  expect(await client.call('read', { items: [] })).toEqual({ items: [] })
  expect(requests).toHaveLength(2)
  answer = breakOnce
  await expect(client.call('write', { id: 'a' })).rejects.toMatchObject({ code: 'dependency_unavailable' })
  expect(requests).toHaveLength(3)
})

test('a caller that gives up is not made to wait', async () => {
  await stop(server)
  await expect(client.call('read', { items: [] }, { signal: AbortSignal.timeout(60) })).rejects.toMatchObject({
    name: 'TimeoutError',
  })
  server = await start()
})

test('bytes go both ways', async () => {
  answer = (request, response, body) =>
    void (request.method === 'PUT'
      ? json(response, 201, { size: body.length })
      : response.writeHead(200, { 'content-type': 'image/png' }).end('bytes'))
  expect(await client.putBytes('/internal/contents', Buffer.from('abc'))).toEqual({ size: 3 })
  const { headers, body } = await client.getBytes('/internal/contents/1')
  expect(headers['content-type']).toBe('image/png')
  expect(await text(body)).toBe('bytes')
})

test('ping tells at once', async () => {
  await client.ping()
  await stop(server)
  await expect(client.ping()).rejects.toMatchObject({ code: 'dependency_unavailable' })
  server = await start()
})
