import { gunzipSync, zstdDecompressSync } from 'node:zlib'

/** A row of `blob.content`. `size` counts the raw bytes. */
export interface ContentRow {
  readonly hash: string
  readonly size: number
  readonly encoding: number
  readonly bytes: Buffer
  readonly base_hash: string | null
}

/**
 * The raw bytes of kept content: encoding 0 is raw, 1 gzip, 2 zstd with the raw bytes of the base as dictionary (ADR 0007). Throws where
 * the bytes are damaged so that they do not decode; wrong bytes that decode are for the hash to find.
 */
export function decodeContent({ size, encoding, bytes }: ContentRow, base: Buffer | null): Buffer {
  const maxOutputLength = Math.max(size, 1)
  switch (encoding) {
    case 0:
      return bytes
    case 1:
      return gunzipSync(bytes, { maxOutputLength })
    case 2:
      if (base === null) throw new Error('the base of the patch is not there')
      return zstdDecompressSync(bytes, { dictionary: base, maxOutputLength })
    default:
      throw new Error(`no encoding has the number ${encoding}`)
  }
}
