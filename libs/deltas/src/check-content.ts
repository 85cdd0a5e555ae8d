import {
  charsetOf,
  checkUtf8,
  essenceOf,
  isJsonType,
  isStudioError,
  parseStrictJson,
  StudioError,
} from '@studio/kernel'

/** Whether content of this type has a form that must be checked, so that its bytes are needed. */
export function isCheckedType(contentType: string): boolean {
  return isJsonType(contentType) || essenceOf(contentType).startsWith('text/')
}

/**
 * Judges bytes by their type; they are kept as they are. JSON must be what `parseStrictJson` takes (its codes; `invalid_content` where it is
 * no JSON at all), text/* must be UTF-8 (`invalid_utf8`) unless its charset parameter names another one. Other types are not looked at.
 */
export function checkContent(contentType: string, bytes: Uint8Array): void {
  if (isJsonType(contentType)) checkJson(bytes)
  else if (isCheckedType(contentType) && isUtf8Text(contentType)) checkUtf8(bytes)
}

function checkJson(bytes: Uint8Array): void {
  try {
    parseStrictJson(bytes)
  } catch (error) {
    // The request that carries the content is not what is malformed.
    if (!isStudioError(error, 'malformed_json')) throw error
    const { message, extensions } = error
    throw new StudioError('invalid_content', message, { cause: error, extensions: { ...extensions } })
  }
}

function isUtf8Text(contentType: string): boolean {
  const charset = charsetOf(contentType)
  return charset === undefined || ['utf-8', 'utf8', 'us-ascii'].includes(charset)
}
