import { isUtf8 } from 'node:buffer'
import { scanJson, StudioError, type JsonScan } from '@studio/kernel'
import type { Json } from '@studio/contracts'
import { countMembers } from './json-value.ts'
import { maximumDepth } from './limits.ts'

interface ParsedJson {
  readonly value: Json
  readonly scan: JsonScan
}

/** Parses JSON bytes; throws `invalid_content` where they are not UTF-8, not JSON, or nested deeper than 64 levels. */
export function parseJsonBytes(bytes: Uint8Array): ParsedJson {
  if (!isUtf8(bytes)) throw new StudioError('invalid_content', 'JSON must be in UTF-8 (RFC 8259 section 8.1).')
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const scan = scanJson(text)
  if (scan.depth > maximumDepth)
    throw new StudioError('invalid_content', `JSON may be nested ${maximumDepth} levels deep; this is ${scan.depth}.`)
  try {
    return { value: JSON.parse(text) as Json, scan }
  } catch {
    throw new StudioError('invalid_content', 'The content is not valid JSON.')
  }
}

/**
 * The document that a patch may be applied to. Refuses with `patch_failed` what JavaScript would silently change: a number that a double does
 * not keep, and a member name that an object has twice. Such content can be replaced as a whole.
 */
export function parsePatchableDocument(bytes: Uint8Array): Json {
  const { value, scan } = parseJsonBytes(bytes)
  if (scan.lostNumber !== null) {
    throw new StudioError(
      'patch_failed',
      `The document holds the number ${scan.lostNumber.slice(0, 40)}, which would lose its value in a patch; replace the whole content.`,
    )
  }
  if (countMembers(value) !== scan.members) {
    throw new StudioError(
      'patch_failed',
      'An object of the document has a member name twice; replace the whole content.',
    )
  }
  return value
}

/**
 * The one serialiser of patched documents: `JSON.stringify` of the value, without white space, in UTF-8. So members stand in JavaScript's
 * order (names that are array indices first, by number; then all others as they came to be), numbers in their shortest form, -0 as 0, and
 * only what JSON must escape is escaped (lone surrogates as \udxxx). Throws `patch_too_large` over `limit` bytes.
 */
export function serialise(value: Json, limit: number): Buffer {
  const bytes = Buffer.from(JSON.stringify(value), 'utf8')
  if (bytes.length > limit)
    throw new StudioError('patch_too_large', `The result has ${bytes.length} bytes; ${limit} are allowed.`)
  return bytes
}
