import { randomUUID } from 'node:crypto'
import { Pool } from 'undici'
import type { Stack } from './stack.ts'

export interface Client {
  /** The `data` of the answer. */
  send<Data>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<Data>
  close(): Promise<void>
}

/** A tenant, one of its own unless told, at the public API. What is refused is thrown. */
export function newClient(stack: Stack, tenant: string = randomUUID()): Client {
  const pool = new Pool(stack.url, { connections: 10 })
  const headers = { authorization: `Bearer ${stack.tokenFor(tenant)}`, 'content-type': 'application/json' }
  const send: Client['send'] = async <Data>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown) => {
    const response = await pool.request({
      method,
      path: `/api/v1/studio${path}`,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    })
    const text = await response.body.text()
    if (response.statusCode >= 400) throw new Error(`${method} ${path}: ${response.statusCode} ${text}`)
    return (JSON.parse(text) as { data: Data }).data
  }
  return { send, close: () => pool.close() }
}
