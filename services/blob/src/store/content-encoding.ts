import { sha256 } from '@studio/kernel'
import { promisify } from 'node:util'
import { constants, gunzip, gzip } from 'node:zlib'

const compress = promisify(gzip)
const expand = promisify(gunzip)

/** How bytes are kept in `content.encoding`. */
const encoding = { raw: 0, gzip: 1 } as const

/** Below this gzip saves nothing worth its time. */
const smallestCompressed = 1024

/** Bytes as they are kept; `hash` and `size` are those of the raw bytes. */
export interface EncodedContent {
  hash: string
  size: number
  encoding: number
  stored: Buffer
}

/** Hashes bytes and gzips them where they are over 1 KiB and become smaller; the compression runs off the main thread. */
export async function encodeContent(bytes: Buffer): Promise<EncodedContent> {
  const content = { hash: sha256(bytes), size: bytes.length }
  if (bytes.length > smallestCompressed) {
    const stored = await compress(bytes, { level: constants.Z_BEST_SPEED })
    if (stored.length < bytes.length) return { ...content, encoding: encoding.gzip, stored }
  }
  return { ...content, encoding: encoding.raw, stored: bytes }
}

/** The raw bytes again. */
export async function decodeContent(content: { encoding: number; bytes: Buffer }): Promise<Buffer> {
  return content.encoding === encoding.gzip ? expand(content.bytes) : content.bytes
}
