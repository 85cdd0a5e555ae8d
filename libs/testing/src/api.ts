/** What the gateway answered. `body`: parsed where it is JSON, text where it is text, else bytes; undefined where empty. */
export type Answer<Body = any> = { status: number; headers: Headers; body: Body } // eslint-disable-line @typescript-eslint/no-explicit-any -- tests look at whatever came

export type RequestOptions = {
  /** Objects go as JSON, strings and bytes as they are. */
  body?: unknown
  headers?: Record<string, string>
}

export type Api = {
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>
  get(path: string, options?: RequestOptions): Promise<Answer>
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  put(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  patch(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  delete(path: string, options?: RequestOptions): Promise<Answer>
}

/**
 * A client for tests: no retries, no opinion on the status. Paths are below the url (`/api/v1/blobs`); without a token no
 * authorization header is sent. A request without an answer for 60 s fails.
 */
export function api(url: string, token?: string): Api {
  const request = async (
    method: string,
    path: string,
    { body, headers = {} }: RequestOptions = {},
  ): Promise<Answer> => {
    const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array
    const response = await fetch(new URL(path, url), {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(60_000),
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(raw ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: raw ? (body as string | Uint8Array<ArrayBuffer> | undefined) : JSON.stringify(body),
    })
    return { status: response.status, headers: response.headers, body: await read(response) }
  }
  return {
    request,
    get: (path, options) => request('GET', path, options),
    post: (path, body, headers) => request('POST', path, { body, headers }),
    put: (path, body, headers) => request('PUT', path, { body, headers }),
    patch: (path, body, headers) => request('PATCH', path, { body, headers }),
    delete: (path, options) => request('DELETE', path, options),
  }
}

async function read(response: Response): Promise<unknown> {
  const bytes = Buffer.from(await response.arrayBuffer())
  if (bytes.length === 0) return undefined
  const type = response.headers.get('content-type') ?? ''
  if (/^application\/([\w.-]+\+)?json/.test(type)) return JSON.parse(bytes.toString()) as unknown
  return type.startsWith('text/') ? bytes.toString() : bytes
}
