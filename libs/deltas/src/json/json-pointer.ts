/**
 * The reference tokens of a JSON Pointer (RFC 6901 sections 3 and 4): `""` is the whole document, `/a~1b/0` the tokens `a/b` and `0`.
 * Answers undefined for what is not a pointer (no `/` at the start, `~` before anything but 0 and 1).
 */
export function parsePointer(pointer: string): string[] | undefined {
  if (pointer === '') return []
  if (pointer[0] !== '/') return undefined
  // By hand, as this is half of what applying a small patch takes: `split` and `slice` copy twice.
  let end = pointer.indexOf('/', 1)
  const tokens = [end === -1 ? pointer.slice(1) : pointer.slice(1, end)]
  while (end !== -1) {
    const start = end + 1
    end = pointer.indexOf('/', start)
    tokens.push(end === -1 ? pointer.slice(start) : pointer.slice(start, end))
  }
  if (!pointer.includes('~')) return tokens
  if (/~(?![01])/.test(pointer)) return undefined
  // ~1 before ~0, so that ~01 becomes ~1 and not / (section 4).
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The pointer of reference tokens. */
export function formatPointer(tokens: readonly string[]): string {
  return tokens.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** An array index as RFC 6901 section 4 allows it: digits without leading zeros; undefined for anything else. */
export function parseIndex(token: string): number | undefined {
  if (token.length === 0 || token.length > 15 || (token.length > 1 && token[0] === '0')) return undefined
  let index = 0
  for (let at = 0; at < token.length; at++) {
    const digit = token.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return undefined
    index = index * 10 + digit
  }
  return index
}
