import type { Api, Route } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { currentTraceparent, span, type SpanOptions } from '@studio/telemetry'
import type { Readable } from 'node:stream'
import type { z } from 'zod'
import { createBatcher, type BatchLimits } from './batcher.ts'
import { openPool, refusalOf, sendWithRetries } from './connection.ts'
import type { RawAnswer, RawOptions } from './raw.ts'

export interface ClientOptions {
  /** http://host:port of the service. */
  baseUrl: string
  /** The studio's internal token. */
  token: string
  /** Most connections, 16 unless told. */
  connections?: number
  /** How `one` joins calls. */
  batch?: Partial<BatchLimits>
}

export interface CallOptions {
  /** Most milliseconds until the answer begins; 30,000 unless told. */
  timeoutMs?: number
  signal?: AbortSignal | undefined
}

type ItemOf<Schema extends z.ZodType> = z.input<Schema> extends { items: readonly (infer Item)[] } ? Item : never
type AnswerOf<Schema extends z.ZodType> = z.output<Schema> extends { items: readonly (infer Answer)[] } ? Answer : never

/** The requests of one service. Problems that it answers are thrown as the StudioErrors that they were there. */
export interface Client<Routes extends Api> {
  /**
   * One request. Besides what the route raises: `dependency_unavailable` when the service cannot be reached for some 8 s (or, for a route
   * that is not idempotent, when the connection broke on the way), `timeout` when it does not answer in time.
   */
  call<Name extends keyof Routes & string>(
    name: Name,
    request: z.input<Routes[Name]['request']>,
    options?: CallOptions,
  ): Promise<z.output<Routes[Name]['response']>>
  /** One item of an itemwise route; concurrent calls are joined in one request, and fail together where the request as a whole fails. */
  one<Name extends keyof Routes & string>(
    name: Name,
    item: ItemOf<Routes[Name]['request']>,
  ): Promise<AnswerOf<Routes[Name]['response']>>
  /** Sends bytes with PUT to a raw route; answers the JSON that it answers. Streams are not sent a second time. */
  putBytes(path: string, body: Readable | Uint8Array, options?: RawOptions): Promise<unknown>
  /** Gets bytes from a raw route; statuses from 400 on are thrown. */
  getBytes(path: string, options?: RawOptions): Promise<RawAnswer>
  /** Resolves when the service is alive; throws `dependency_unavailable` at once where not. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** An item of a joined request, and the trace that it belongs to: a joined request continues the first and links to the others. */
interface Traced {
  readonly json: string
  readonly traceparent: string | undefined
}

const defaultTimeoutMs = 30_000
const defaultBatch: BatchLimits = { maxItems: 500, maxBytes: 4 * 2 ** 20, maxFlushes: 2 }

/** A client of a service, over kept connections. One a process and service. */
export function createClient<Routes extends Api>(api: Routes, options: ClientOptions): Client<Routes> {
  const { origin: service } = new URL(options.baseUrl)
  const pool = openPool(service, options.connections ?? 16)
  const limits = { ...defaultBatch, ...options.batch }
  const batchers = new Map<string, (item: Traced) => Promise<unknown>>()

  const headers = (given?: Readonly<Record<string, string>>): Record<string, string> => {
    const traceparent = currentTraceparent()
    return { authorization: `Bearer ${options.token}`, ...given, ...(traceparent !== undefined && { traceparent }) }
  }

  const send = async (
    route: Route,
    body: string,
    { timeoutMs = defaultTimeoutMs, signal }: CallOptions,
  ): Promise<unknown> => {
    const answer = await pool.request({
      method: 'POST',
      path: route.path,
      headers: headers({ 'content-type': 'application/json' }),
      body,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal: signal ?? null,
    })
    if (answer.statusCode !== 200) throw await refusalOf(service, answer.statusCode, answer.body)
    return answer.body.json()
  }

  const post = (route: Route, body: string, callOptions: CallOptions = {}, trace: SpanOptions = {}): Promise<unknown> =>
    span(
      `POST ${route.path}`,
      { ...trace, kind: 'client', attributes: { 'server.address': service, 'http.request.body.size': body.length } },
      () => sendWithRetries(service, route.idempotent, callOptions.signal, () => send(route, body, callOptions)),
    )

  const routeOf = (name: string): Route => {
    const route = api[name]
    if (route === undefined) throw new TypeError(`the contract has no route ${name}`)
    return route
  }

  const batcherOf = (name: string): ((item: Traced) => Promise<unknown>) => {
    const known = batchers.get(name)
    if (known) return known
    const route = routeOf(name)
    if (!route.itemwise) throw new TypeError(`the route ${name} is not itemwise`)
    const flush = async (batch: readonly Traced[]): Promise<readonly unknown[]> => {
      const [parent, ...links] = [...new Set(batch.map((item) => item.traceparent))]
      const body = `{"items":[${batch.map((item) => item.json).join(',')}]}`
      return ((await post(route, body, {}, { parent, links })) as { items: readonly unknown[] }).items
    }
    const batcher = createBatcher(flush, (item) => item.json.length, limits)
    batchers.set(name, batcher)
    return batcher
  }

  return {
    call: (name, request, callOptions) => post(routeOf(name), JSON.stringify(request), callOptions) as never,
    one: (name, item) => batcherOf(name)({ json: JSON.stringify(item), traceparent: currentTraceparent() }) as never,
    putBytes: (path, body, { headers: given, timeoutMs = defaultTimeoutMs, signal } = {}) =>
      sendWithRetries(service, body instanceof Uint8Array, signal, async () => {
        const answer = await pool.request({
          method: 'PUT',
          path,
          headers: headers(given),
          body,
          headersTimeout: timeoutMs,
          bodyTimeout: timeoutMs,
          signal: signal ?? null,
        })
        if (answer.statusCode >= 300) throw await refusalOf(service, answer.statusCode, answer.body)
        return answer.body.json()
      }),
    getBytes: (path, { headers: given, timeoutMs = defaultTimeoutMs, signal } = {}) =>
      sendWithRetries(service, true, signal, async () => {
        const answer = await pool.request({
          method: 'GET',
          path,
          headers: headers(given),
          headersTimeout: timeoutMs,
          bodyTimeout: timeoutMs,
          signal: signal ?? null,
        })
        if (answer.statusCode >= 400) throw await refusalOf(service, answer.statusCode, answer.body)
        return { status: answer.statusCode, headers: answer.headers, body: answer.body }
      }),
    ping: async () => {
      const answer = await pool
        .request({ method: 'GET', path: '/healthz', headersTimeout: 2000 })
        .catch((error: unknown) => {
          throw new StudioError('dependency_unavailable', `${service} does not answer.`, { cause: error })
        })
      if (answer.statusCode !== 200) throw await refusalOf(service, answer.statusCode, answer.body)
      await answer.body.dump()
    },
    close: () => pool.close(),
  }
}
