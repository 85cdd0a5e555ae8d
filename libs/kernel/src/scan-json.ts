/** What a JSON text holds that `JSON.parse` would not tell. */
export interface JsonScan {
  /** Levels of arrays and objects; 0 for a lone scalar. */
  readonly depth: number
  /** Members of all objects, those with a repeated name included. */
  readonly members: number
  /** The first number that a double does not keep by value (1e400, 2^53 + 1), as it is written. */
  readonly lostNumber: string | null
}

const quote = 0x22
const backslash = 0x5c

/**
 * One pass over a JSON text, without recursion, so that depth is known before anything parses it: 59 KB of 10,000 levels overflow the stack
 * of `JSON.stringify`. It does not judge the grammar; `JSON.parse` does that after it.
 */
export function scanJson(text: string): JsonScan {
  let level = 0
  let depth = 0
  let members = 0
  let lostNumber: string | null = null
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      at += 1
      for (; at < text.length && text.charCodeAt(at) !== quote; at += 1) if (text.charCodeAt(at) === backslash) at += 1
    } else if (code === 0x5b || code === 0x7b) {
      level += 1
      if (level > depth) depth = level
    } else if (code === 0x5d || code === 0x7d) level -= 1
    else if (code === 0x3a) members += 1
    else if (isDigit(code) || code === 0x2d) {
      const from = at
      while (at + 1 < text.length && isNumberPart(text.charCodeAt(at + 1))) at += 1
      // Up to 15 digits survive whatever they are; only longer tokens and exponents need the exact comparison.
      if (lostNumber === null && (at - from >= 15 || hasExponent(text, from, at))) {
        const token = text.slice(from, at + 1)
        if (!survivesAsDouble(token)) lostNumber = token
      }
    }
  }
  return { depth, members, lostNumber }
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
const isExponent = (code: number): boolean => code === 0x65 || code === 0x45
const isNumberPart = (code: number): boolean =>
  isDigit(code) || isExponent(code) || code === 0x2e || code === 0x2b || code === 0x2d

function hasExponent(text: string, from: number, to: number): boolean {
  for (let at = from; at <= to; at += 1) if (isExponent(text.charCodeAt(at))) return true
  return false
}

/** Whether a JSON number, read as a double and written again by JavaScript, is the same decimal value. */
export function survivesAsDouble(token: string): boolean {
  const value = Number(token)
  return Number.isFinite(value) && decimalForm(token) === decimalForm(String(value))
}

// A number's significant digits and its power of ten: 1.50 and 15e-1 are both "15e-1".
function decimalForm(token: string): string {
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? []
  const digits = (whole + fraction).replace(/^0+/, '')
  let end = digits.length
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end -= 1
  return end === 0 ? '0' : `${digits.slice(0, end)}e${Number(exponent) - fraction.length + digits.length - end}`
}
