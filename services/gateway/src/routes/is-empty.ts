import type { Request } from 'express'

/** Whether a request comes without a body. */
export function isEmpty({ headers }: Request): boolean {
  return Number(headers['content-length'] ?? 0) === 0 && headers['transfer-encoding'] === undefined
}
