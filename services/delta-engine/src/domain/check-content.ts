import { isUtf8 } from 'node:buffer'
import { essenceOf, isJsonType, StudioError } from '@studio/kernel'
import { parseJsonBytes } from './json-document.ts'

/** Whether content of this type has a form that must be checked, so that its bytes are needed. */
export function isCheckedType(contentType: string): boolean {
  return isJsonType(contentType) || essenceOf(contentType).startsWith('text/')
}

/**
 * Throws `invalid_content` where bytes do not fit their type: JSON must parse and be at most 64 levels deep, text/* must be UTF-8 (unless
 * its charset parameter names another one). The bytes are kept as they are; other types are not looked at.
 */
export function checkContent(contentType: string, bytes: Uint8Array): void {
  if (isJsonType(contentType)) parseJsonBytes(bytes)
  else if (isCheckedType(contentType) && isUtf8Text(contentType) && !isUtf8(bytes)) {
    throw new StudioError('invalid_content', 'Text must be in UTF-8, or its content type must name another charset.')
  }
}

function isUtf8Text(contentType: string): boolean {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(contentType)?.[1]
  return charset === undefined || /^(utf-?8|us-ascii)$/i.test(charset)
}
