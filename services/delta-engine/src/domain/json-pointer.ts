/**
 * The reference tokens of a JSON Pointer (RFC 6901 sections 3 and 4): `""` is the whole document, `/a~1b/0` the tokens `a/b` and `0`.
 * Answers undefined for what is not a pointer (no `/` at the start, `~` before anything but 0 and 1).
 */
export function parsePointer(pointer: string): string[] | undefined {
  if (pointer === '') return []
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined
  // ~1 before ~0, so that ~01 becomes ~1 and not / (section 4).
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The pointer of reference tokens. */
export function formatPointer(tokens: readonly string[]): string {
  return tokens.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** An array index as RFC 6901 section 4 allows it: digits without leading zeros; undefined for anything else. */
export function parseIndex(token: string): number | undefined {
  return /^(?:0|[1-9]\d{0,14})$/.test(token) ? Number(token) : undefined
}
