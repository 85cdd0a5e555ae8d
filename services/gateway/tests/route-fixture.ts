import { createSecretKey } from 'node:crypto'
import { answer, BlobResource } from '@studio/contracts'
import { listen, type RunningServer } from '@studio/http'
import { createLogger } from '@studio/telemetry'
import { SignJWT } from 'jose'
import { internalToken, startInnerServices, type InnerServices } from './inner-services.ts'
import { createGatewayApp } from '../src/app.ts'
import { createContext, type Context } from '../src/context.ts'

// A test file that imports this gets a gateway of its own, before inner services in memory.

export const secret = 'the secret of the route tests, long enough'
/** Most bytes of content here. */
export const maximum = 1 << 20
const log = createLogger({ service: 'gateway', level: 'silent' })

export let inner: InnerServices
let context: Context
export let gateway: RunningServer
export let token: string
export let strangersToken: string

const tokenOf = (subject: string) =>
  new SignJWT({})
    .setSubject(subject)
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(createSecretKey(secret, 'utf8'))

beforeAll(async () => {
  inner = await startInnerServices()
  context = createContext(
    {
      PORT: 0,
      HOST: '127.0.0.1',
      LOG_LEVEL: 'silent',
      STUDIO_INTERNAL_TOKEN: internalToken,
      STUDIO_JWT_SECRET: secret,
      STUDIO_MAX_BLOB_BYTES: maximum,
      BLOB_URL: inner.url,
      DELTA_ENGINE_URL: inner.url,
      DAG_URL: inner.url,
      PROVIDER_REGISTRY_URL: inner.url,
    },
    log,
  )
  gateway = await listen(createGatewayApp(context), { host: '127.0.0.1', port: 0, log })
  token = await tokenOf('ada')
  strangersToken = await tokenOf('eve')
})
afterAll(async () => {
  await gateway.close()
  await context.close()
  await inner.close()
})

export interface Call {
  body?: string | Uint8Array<ArrayBuffer> | object
  headers?: Record<string, string>
  as?: string | null
  base?: string
}

/** A request by Ada, unless told; its answer as text, and as JSON where it is. */
export async function call(
  method: string,
  path: string,
  { body, headers = {}, as = token, base = '/api/v1/studio' }: Call = {},
) {
  const json = typeof body === 'object' && !(body instanceof Uint8Array)
  const response = await fetch(`${gateway.url}${base}${path}`, {
    method,
    headers: {
      ...(as !== null && { authorization: `Bearer ${as}` }),
      ...(json && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: json ? JSON.stringify(body) : (body ?? null),
  })
  const text = await response.text()
  const type = response.headers.get('content-type') ?? ''
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: (type.includes('json') && text !== '' ? JSON.parse(text) : undefined) as never,
  }
}

/** A new blob of Ada's. */
export const created = async (body: object = { text: 'hello' }) =>
  answer(BlobResource).parse((await call('POST', '/blobs', { body })).json).data

/** What matters of a refusal, and how many changes were handed on meanwhile. */
export async function problem(expected: Promise<Awaited<ReturnType<typeof call>>>) {
  const before = inner.submitted.length
  const { status, headers, json } = await expected
  expect(headers.get('content-type')).toBe('application/problem+json')
  const { code, instance, errors } = json as { code: string; instance: string; errors?: { pointer: string }[] }
  expect(instance).toMatch(/^urn:studio:request:[0-9a-f]{32}$/)
  return {
    status,
    code,
    pointers: errors?.map(({ pointer }) => pointer),
    submitted: inner.submitted.length - before,
    headers,
  }
}
