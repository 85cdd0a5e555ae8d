import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'

/** What a raw transfer may carry beside its bytes. */
export interface RawOptions {
  headers?: Readonly<Record<string, string>>
  /** Most milliseconds without a byte. */
  timeoutMs?: number
  signal?: AbortSignal | undefined
}

/** The answer to `getBytes`; `body` must be read to its end or destroyed. */
export interface RawAnswer {
  status: number
  headers: IncomingHttpHeaders
  body: Readable
}
