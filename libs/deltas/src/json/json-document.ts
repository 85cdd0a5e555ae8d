import { isStudioError, parseStrictJson, StudioError } from '@studio/kernel'
import type { Json } from '@studio/contracts'

/**
 * The document that a patch is applied to. What is let in since the door is strict always parses; what came in before it, and would silently
 * be changed by JavaScript, is refused as `patch_failed` with the place, and can be replaced as a whole.
 */
export function parsePatchableDocument(bytes: Uint8Array): Json {
  try {
    return parseStrictJson(bytes)
  } catch (error) {
    if (!isStudioError(error)) throw error
    const { message, extensions } = error
    throw new StudioError('patch_failed', `The content cannot be patched, only replaced as a whole: ${message}`, {
      cause: error,
      extensions: { ...extensions },
    })
  }
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
