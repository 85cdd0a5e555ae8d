/** A blob, as far as the demo looks at it. */
export interface Blob {
  id: string
  version: number
  size: number
  metadata: Record<string, unknown>
  created_at: string
  updated_at: string
  text?: string
}

export interface GraphNode {
  blob_id: string
  version: number
  provider_id: string | null
  provider_version: string | null
  state: 'settled' | 'dirty' | 'running' | 'failed' | 'cancelled' | 'blocked' | 'deleted'
  last_run_id: string | null
  last_run_at: string | null
  error: { code: string; detail: string } | null
}

export interface Graph {
  root_id: string
  nodes: GraphNode[]
  edges: { source_id: string; target_id: string }[]
  settled: boolean
}

/** What went wrong, in a sentence for the user. */
export class DemoError extends Error {
  override readonly name = 'DemoError'
}

/** The studio's public API under one token. */
export interface Studio {
  readonly url: string
  create(body: object): Promise<Blob>
  read(id: string): Promise<Blob>
  /** Changes the text if the blob still has this version. */
  edit(id: string, text: string, fromVersion: number): Promise<Blob>
  graph(id: string): Promise<Graph>
  /** The newest live blob that fits, or undefined. */
  find(fits: (blob: Blob) => boolean): Promise<Blob | undefined>
}

const patience = 30_000

export function connect(url: string, token: string): Studio {
  const call = async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${url}/api/v1/studio${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      body: body ? JSON.stringify(body) : null,
      signal: AbortSignal.timeout(patience),
    }).catch((error: unknown) => {
      throw new DemoError(`The studio at ${url} does not answer. Is it running? (npm run status)`, { cause: error })
    })
    const answer: unknown = await response.json().catch(() => ({}))
    if (response.ok) return answer as Answer
    const { code, detail } = answer as { code?: string; detail?: string }
    throw new DemoError(
      `${method} ${path} was answered with ${response.status} ${code ?? ''}: ${detail ?? 'no reason given'}`,
    )
  }
  const data = async <Data>(method: string, path: string, body?: object): Promise<Data> =>
    (await call<{ data: Data }>(method, path, body)).data

  return {
    url,
    create: (body) => data('POST', '/blobs', body),
    read: (id) => data('GET', `/blobs/${id}?include=content`),
    edit: (id, text, fromVersion) => data('PATCH', `/blobs/${id}`, { text, from_version: fromVersion }),
    graph: (id) => data('GET', `/blobs/${id}/dag`),
    find: async (fits) => {
      for (let after = ''; ;) {
        const { data: blobs, next } = await call<{ data: Blob[]; next: string | null }>(
          'GET',
          `/blobs?limit=200&created_by=user${after}`,
        )
        const found = blobs.find(fits)
        if (found || next === null) return found
        after = `&after=${next}`
      }
    },
  }
}
