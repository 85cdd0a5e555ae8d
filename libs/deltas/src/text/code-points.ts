import { isAscii } from 'node:buffer'

/**
 * Counting code points in UTF-8 without decoding it: every byte that does not continue a code point (10xxxxxx) starts one. Plain ASCII, told
 * by a vector instruction, is not looked at byte by byte.
 */
const chunkBytes = 65_536

export function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}

/** Code points of valid UTF-8 from byte `from` to byte `to`. */
export function countCodePoints(bytes: Uint8Array, from: number, to: number): number {
  let count = 0
  for (let start = from; start < to; start += chunkBytes) {
    const end = Math.min(to, start + chunkBytes)
    if (isAscii(bytes.subarray(start, end))) count += end - start
    else for (let at = start; at < end; at++) count += ((bytes[at] as number) & 0xc0) === 0x80 ? 0 : 1
  }
  return count
}

/** The byte that lies `count` code points behind byte `from`; undefined where the text ends before. */
export function skipCodePoints(bytes: Uint8Array, from: number, count: number): number | undefined {
  let at = from
  let left = count
  while (left > 0 && at < bytes.length) {
    const end = Math.min(bytes.length, at + Math.min(left, chunkBytes))
    if (isAscii(bytes.subarray(at, end))) {
      left -= end - at
      at = end
      continue
    }
    for (; at < end && left > 0; left--) {
      at++
      while (isContinuation(bytes[at])) at++
    }
  }
  return left > 0 ? undefined : at
}

/** Code points of a well-formed string. */
export function codePointLength(text: string): number {
  let count = text.length
  for (let at = 0; at < text.length; at++) if ((text.charCodeAt(at) & 0xfc00) === 0xdc00) count--
  return count
}
