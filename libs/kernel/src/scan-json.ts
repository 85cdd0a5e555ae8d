import { survivesAsDouble } from './exact-number.ts'

/** What a JSON text holds that `JSON.parse` would not tell. */
export interface JsonScan {
  /** Levels of arrays and objects; 0 for a lone scalar. */
  readonly depth: number
  /** Members of all objects, those with a repeated name included. */
  readonly members: number
  /** Whether a double does not keep some number by value (1e400, 2^53 + 1). */
  readonly losesNumber: boolean
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
  let losesNumber = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quote) at = endOfString(text, at + 1)
    else if (code === 0x5b || code === 0x7b) {
      level += 1
      if (level > depth) depth = level
    } else if (code === 0x5d || code === 0x7d) level -= 1
    else if (code === 0x3a) members += 1
    else if (isDigit(code) || code === 0x2d) {
      const from = at
      let exponent = Infinity
      for (; at + 1 < text.length && isNumberPart(text.charCodeAt(at + 1)); at += 1)
        if (isExponent(text.charCodeAt(at + 1))) exponent = at + 1
      // Up to 15 digits survive whatever they are, with an exponent of up to two digits as well; only others need the exact comparison.
      if (!losesNumber && (at - from >= 15 || at - exponent > 2))
        losesNumber = !survivesAsDouble(text.slice(from, at + 1))
    }
  }
  return { depth, members, losesNumber }
}

/** Where a string ends that goes on at `from`: its closing quote, or the end of the text. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes += 1
    if (escapes % 2 === 0) return end
  }
  return text.length
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
const isExponent = (code: number): boolean => code === 0x65 || code === 0x45
const isNumberPart = (code: number): boolean =>
  isDigit(code) || isExponent(code) || code === 0x2e || code === 0x2b || code === 0x2d
