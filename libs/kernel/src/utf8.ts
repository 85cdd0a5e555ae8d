import { isUtf8 } from 'node:buffer'
import { StudioError } from './errors.ts'

/**
 * The text of bytes in UTF-8. Throws `invalid_utf8`, naming the first byte that breaks it: a decoder would put U+FFFD there, and so change the
 * author's text without a word.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  if (!isUtf8(bytes)) throw invalidUtf8(firstDifference(bytes, Buffer.from(text)))
  return text
}

/** Throws `invalid_utf8` where bytes are not UTF-8. */
export function checkUtf8(bytes: Uint8Array): void {
  if (!isUtf8(bytes)) decodeUtf8(bytes)
}

function invalidUtf8(position: number): StudioError {
  const detail = `byte ${position} is not UTF-8`
  return new StudioError('invalid_utf8', `Send text in UTF-8: ${detail}.`, {
    extensions: { errors: [{ pointer: '', detail }] },
  })
}

function firstDifference(one: Uint8Array, other: Uint8Array): number {
  let at = 0
  while (at < one.length && one[at] === other[at]) at += 1
  return at
}
