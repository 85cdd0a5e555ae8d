import { sha256 } from '@studio/kernel'
import { promisify } from 'node:util'
import { constants, gunzip, gzip } from 'node:zlib'
import { applyPatch } from './content-patch.ts'

const compress = promisify(gzip)
const expand = promisify(gunzip)

/** How bytes are kept in `content.encoding`. `purged`: not at all, the row stands in the place of purged content. */
export const encoding = { raw: 0, gzip: 1, patch: 2, purged: 3 } as const

/** Below this gzip saves nothing worth its time. */
const smallestCompressed = 1024

/** Contents above this are hashed off the main thread: 1 MiB takes 0.6 ms. */
const hashedInline = 1024 * 1024

/** SHA-256 in 64 lower-case hex digits. */
export async function hashOf(bytes: Buffer): Promise<string> {
  if (bytes.length <= hashedInline) return sha256(bytes)
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)).toString('hex')
}

/** Bytes as they are kept; `hash` and `size` are those of the raw bytes. */
export interface EncodedContent {
  hash: string
  size: number
  encoding: number
  stored: Buffer
}

/** Hashes bytes and gzips them where they are over 1 KiB and become smaller; what takes long runs off the main thread. */
export async function encodeContent(bytes: Buffer): Promise<EncodedContent> {
  const content = { hash: await hashOf(bytes), size: bytes.length }
  if (bytes.length > smallestCompressed) {
    const stored = await compress(bytes, { level: constants.Z_BEST_SPEED })
    if (stored.length < bytes.length) return { ...content, encoding: encoding.gzip, stored }
  }
  return { ...content, encoding: encoding.raw, stored: bytes }
}

/**
 * The raw bytes again; `base` holds those of a patch's base. With `inline` a patch is undone on this thread, which is quicker for a few small ones.
 * Damaged bytes raise an error, or give wrong bytes: whoever reads them compares the hash.
 */
export async function decodeContent(
  content: { encoding: number; bytes: Buffer; size: number },
  base: Buffer | null,
  inline: boolean,
): Promise<Buffer> {
  if (content.encoding === encoding.raw) return content.bytes
  if (content.encoding === encoding.gzip) return expand(content.bytes, { maxOutputLength: Math.max(content.size, 1) })
  if (base === null) throw new TypeError('a patch needs its base')
  return applyPatch(content.bytes, base, content.size, inline)
}
