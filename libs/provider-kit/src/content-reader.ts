import { contentOf, type Client } from '@studio/clients'
import type { blobApi } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { LRUCache } from 'lru-cache'
import { countContentReads } from './telemetry.ts'

/** Contents by hash, kept in memory up to a number of bytes; one for all activities of a process. */
export interface ContentReader {
  /** Throws `content_not_found` or `content_purged` where blob does not have one of them. */
  read(tenantId: string, hashes: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Uint8Array>>
  /** Remembers an output, since the providers below it will read it. */
  keep(tenantId: string, hash: string, bytes: Uint8Array): void
}

const contentsARequest = 100
/** What has been purged is given to nobody after this time, and out of memory after half as much again; whoever reads it all the time asks blob once a minute. */
const rememberedMs = 60_000

export function createContentReader(blob: Client<typeof blobApi>, maxBytes = 32 * 2 ** 20): ContentReader {
  const cache = new LRUCache<string, Uint8Array>({
    maxSize: maxBytes,
    maxEntrySize: Math.ceil(maxBytes / 4),
    ttl: rememberedMs,
    sizeCalculation: (bytes) => bytes.byteLength + 200,
  })
  // Without it what nobody asks for again would stay.
  setInterval(() => cache.purgeStale(), rememberedMs / 2).unref()
  // Tenants share nothing: the answer time must not tell whether another one has the same content.
  const keyOf = (tenantId: string, hash: string): string => `${tenantId}/${hash}`

  return {
    keep: (tenantId, hash, bytes) => cache.set(keyOf(tenantId, hash), bytes),
    read: async (tenantId, hashes, signal) => {
      const found = new Map<string, Uint8Array>()
      const missing: string[] = []
      for (const hash of new Set(hashes)) {
        const bytes = cache.get(keyOf(tenantId, hash))
        if (bytes === undefined) missing.push(hash)
        else found.set(hash, bytes)
      }
      countContentReads(found.size, missing.length)
      for (let start = 0; start < missing.length; start += contentsARequest) {
        const part = missing.slice(start, start + contentsARequest)
        const { items } = await blob.call(
          'readContents',
          { items: part.map((hash) => ({ tenant_id: tenantId, hash })) },
          { signal },
        )
        for (const [index, hash] of part.entries()) {
          const bytes = await contentOf(blob, { tenant_id: tenantId, hash }, items[index], signal)
          if (!bytes) throw new StudioError('content_not_found', `Content ${hash} of an input is gone.`)
          cache.set(keyOf(tenantId, hash), bytes)
          found.set(hash, bytes)
        }
      }
      return found
    },
  }
}
