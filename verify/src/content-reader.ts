import { sha256 } from './digest.ts'
import { decodeContent, type ContentRow } from './decode-content.ts'
import type { Snapshot } from './snapshot.ts'

/** One tenant's contents by hash. */
export interface ContentReader {
  /** The raw bytes; null where they are not there or do not hash to what they are called. */
  read(hash: string): Promise<Buffer | null>
  /** The raw bytes of a row at hand; null where it does not decode, or to something else. */
  decode(row: ContentRow): Promise<Buffer | null>
}

const cachedBytes = 64 * 2 ** 20

/** Reads contents one at a time, and keeps the last 64 MiB of them: versions and patches that follow each other share their bases. */
export function createContentReader(snapshot: Snapshot, tenantId: string): ContentReader {
  const cache = new Map<string, Buffer>()
  let held = 0
  const keep = (hash: string, bytes: Buffer): void => {
    cache.set(hash, bytes)
    held += bytes.length
    for (const [oldest, { length }] of cache) {
      if (held <= cachedBytes) break
      cache.delete(oldest)
      held -= length
    }
  }
  const decode = async (row: ContentRow): Promise<Buffer | null> => {
    try {
      const bytes = decodeContent(row, row.base_hash === null ? null : await read(row.base_hash))
      return bytes.length === row.size && sha256(bytes) === row.hash ? bytes : null
    } catch {
      return null
    }
  }
  const read = async (hash: string): Promise<Buffer | null> => {
    const cached = cache.get(hash)
    if (cached) return cached
    const [row] = await snapshot.rows<ContentRow>(
      'select hash, size, encoding, bytes, base_hash from blob.content where tenant_id = $1 and hash = $2',
      [tenantId, hash],
    )
    const bytes = row ? await decode(row) : null
    if (bytes) keep(hash, bytes)
    return bytes
  }
  return { read, decode }
}
