import { StudioError } from './errors.ts'

// RFC 9110 section 8.3.1: type "/" subtype parameters; token characters of section 5.6.2, quoted ones of 5.6.4 (ASCII, without escapes).
const mediaType =
  /^[!#$%&'*+.^_`|~0-9a-z-]+\/[!#$%&'*+.^_`|~0-9a-z-]+(\s*;\s*[!#$%&'*+.^_`|~0-9a-z-]+=("[\t !#-[\]-~]*"|[!#$%&'*+.^_`|~0-9a-z-]+))*$/i
const maximumLength = 255

/** The content type in the form it is stored in (essence in lower case, parameters kept); throws `invalid_content_type`. */
export function parseContentType(contentType: string): string {
  const trimmed = contentType.trim()
  const parameters = parametersOf(trimmed).map(({ name, value }) => `${name}=${value}`)
  const stored = [essenceOf(trimmed), ...parameters].join('; ')
  if (Math.max(trimmed.length, stored.length) > maximumLength || !mediaType.test(trimmed)) {
    throw new StudioError('invalid_content_type', 'Give a media type such as text/plain or image/png.')
  }
  return stored
}

/** The content type without its parameters. */
export function essenceOf(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
}

/** The parameter `charset` of a content type in lower case; undefined where it has none. */
export function charsetOf(contentType: string): string | undefined {
  const charset = parametersOf(contentType).find(({ name }) => name.toLowerCase() === 'charset')
  return charset?.value.replaceAll('"', '').toLowerCase()
}

// A quoted value may hold semicolons, so a content type can't be split at them.
function parametersOf(contentType: string): { name: string; value: string }[] {
  const parameters = contentType.matchAll(/;\s*([^\s=;"]+)=("[^"]*"|[^\s;"]*)/g)
  return [...parameters].map(([, name = '', value = '']) => ({ name, value }))
}

/** application/json and every type with the suffix +json (RFC 6839). */
export function isJsonType(contentType: string): boolean {
  const essence = essenceOf(contentType)
  return essence === 'application/json' || essence.endsWith('+json')
}

/** Types whose content is shown as text: text/*, JSON, XML. */
export function isTextType(contentType: string): boolean {
  const essence = essenceOf(contentType)
  return essence.startsWith('text/') || isJsonType(essence) || essence === 'application/xml' || essence.endsWith('+xml')
}

/** Whether a content type fits a pattern of a provider: `text/plain`, `text/*`, `application/*+json` or `*` + `/*`. */
export function matchesContentType(pattern: string, contentType: string): boolean {
  const essence = essenceOf(contentType)
  if (pattern === '*/*') return true
  const [start = '', end] = essenceOf(pattern).split('*', 2)
  if (end === undefined) return essence === start
  return essence.length >= start.length + end.length && essence.startsWith(start) && essence.endsWith(end)
}
