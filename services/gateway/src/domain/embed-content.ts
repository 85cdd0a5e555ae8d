import { isUtf8 } from 'node:buffer'
import { isTextType } from '@studio/kernel'

/** Bytes as a member of a JSON answer. */
export function embedContent(contentType: string, bytes: Uint8Array): { text: string } | { content: string } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isTextType(contentType) && isUtf8(buffer)
    ? { text: buffer.toString('utf8') }
    : { content: buffer.toString('base64') }
}

/** The same member as it is written in JSON, `"text":"…"` or `"content":"…"`. */
export function embedInWriting(contentType: string, bytes: Uint8Array): Uint8Array {
  return Buffer.from(JSON.stringify(embedContent(contentType, bytes)).slice(1, -1))
}
