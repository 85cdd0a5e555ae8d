import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expandByModel } from './ask-model.ts'

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void
let handler: Handler
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => (body += String(chunk)))
  request.on('end', () => handler(request, response, body))
})

beforeAll(() => new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready)))
afterAll(() => server.close())

const answer = (content: string, usage?: object) => JSON.stringify({ choices: [{ message: { content } }], usage })
const ask = (text = 'A short text.', costPer1kTokens?: number) => {
  const { port } = server.address() as AddressInfo
  const endpoint = { url: `http://127.0.0.1:${port}/v1/`, model: 'some-model', apiKey: 'some-key', costPer1kTokens }
  return expandByModel(endpoint, text, 50, AbortSignal.timeout(5000))
}

test('asks for a chat completion; the text itself comes first', async () => {
  let asked: unknown
  handler = (request, response, body) => {
    asked = { url: request.url, authorization: request.headers.authorization, ...(JSON.parse(body) as object) }
    response.end(answer('A long explanation.'))
  }
  expect((await ask()).text).toBe('A short text.\n\nA long explanation.\n')
  expect(asked).toMatchObject({ url: '/v1/chat/completions', authorization: 'Bearer some-key', model: 'some-model' })
})

test('an answer that holds the text is taken as it is', async () => {
  handler = (_request, response) => response.end(answer('Well: A short text. And more.'))
  expect((await ask()).text).toBe('Well: A short text. And more.\n')
})

test.each<[string, object | undefined, number | undefined, object]>([
  [
    'tokens and their price',
    { prompt_tokens: 100, completion_tokens: 101 },
    150,
    { tokens: 201, cost_microdollars: 31 },
  ],
  [
    'tokens without a price',
    { prompt_tokens: 1, completion_tokens: 2 },
    undefined,
    { tokens: 3, cost_microdollars: null },
  ],
  ['nothing', undefined, 150, { tokens: null, cost_microdollars: null }],
  ['nothing of a count that is none', { prompt_tokens: 'many' }, 150, { tokens: null, cost_microdollars: null }],
])('tells %s', async (_what, usage, price, told) => {
  handler = (_request, response) => response.end(answer('More.', usage))
  expect((await ask('A short text.', price)).usage).toEqual(told)
})

test.each<[string, Handler, object]>([
  ['a wrong key is for good', (_, response) => response.writeHead(401).end(), { code: 'provider_refused' }],
  [
    'a redirect is not followed',
    (_, response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    { code: 'provider_refused' },
  ],
  [
    'a busy endpoint may answer later',
    (_, response) => response.writeHead(429).end(),
    { message: expect.stringContaining('429') as string },
  ],
  ['nonsense may get better', (_, response) => response.end('{"choices":[]}'), { name: 'ZodError' }],
  [
    'an empty answer may get better',
    (_, response) => response.end(answer(' ')),
    { message: expect.stringContaining('nothing') as string },
  ],
  [
    'an encoding is refused',
    (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(answer('x'))),
    { message: expect.stringContaining('encoding') as string },
  ],
  ['a flood is cut off', (_, response) => response.end('x'.repeat(5 * 2 ** 20)), { code: 'provider_refused' }],
])('%s', async (_case, handle, error) => {
  handler = handle
  await expect(ask()).rejects.toMatchObject(error)
})
