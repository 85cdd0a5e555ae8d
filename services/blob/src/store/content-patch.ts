import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress, zstdDecompressSync, type ZstdOptions } from 'node:zlib'

const compress = promisify(zstdCompress)
const expand = promisify(zstdDecompress)

/** Over this the quick levels' hash tables no longer hold the base, and they find no matches in most of it. */
const quickSize = 1024 * 1024

/**
 * What has to be known beside `base` to have `bytes`: zstd with the base as its dictionary, as `zstd --patch-from` does it. Runs off the main
 * thread; takes up to 90 MB for two contents of 16 MiB.
 */
export function encodePatch(bytes: Buffer, base: Buffer): Promise<Buffer> {
  return compress(bytes, {
    dictionary: base,
    params: {
      [constants.ZSTD_c_compressionLevel]: bytes.length > quickSize ? 9 : 3,
      // The window has to reach back over all of the base.
      [constants.ZSTD_c_windowLog]: Math.max(Math.ceil(Math.log2(bytes.length + base.length + 1)), 10),
    },
  })
}

/** The `size` bytes that a patch was made of; with `inline` on this thread. */
export async function applyPatch(patch: Buffer, base: Buffer, size: number, inline: boolean): Promise<Buffer> {
  const options: ZstdOptions = { dictionary: base, chunkSize: Math.max(size, 64), maxOutputLength: Math.max(size, 1) }
  return inline ? zstdDecompressSync(patch, options) : expand(patch, options)
}
