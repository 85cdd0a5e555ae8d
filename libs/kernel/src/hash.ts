import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'

/** SHA-256 of bytes (or of a string's UTF-8), as 64 lower-case hex digits. */
export function sha256(content: Uint8Array | string): string {
  return hash('sha256', content, 'hex')
}

/** JSON by RFC 8785 (JCS): one text for one value, so that its hash can be a key. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('this value has no JSON form')
  return text
}
