import type { ErrorCode } from './errors.ts'
import { survivesAsDouble } from './exact-number.ts'

/** What is wrong with a JSON text, and where. */
export interface JsonFault {
  readonly code: ErrorCode
  /** RFC 6901 pointer to the value or member, or to the nearest one around it whose pointer is not too long for an answer. */
  readonly pointer: string
  readonly detail: string
}

/** An open array (`names` null) or object, and the element or member that is being read; null before its name is known. */
interface Container {
  readonly names: Set<string> | null
  step: number | string | null
}

type Expected = 'value' | 'value or end' | 'name' | 'name or end' | 'end'

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const whiteSpace = /[ \t\n\r]*/y
const longestPointer = 1000

/**
 * The first fault of a JSON text: its grammar (RFC 8259), a member name twice in one object, a number that a double does not keep, half of a
 * surrogate pair, more than `maximumDepth` levels. It is exact and slow: for a text that is known or suspected to be at fault. Undefined
 * where there is none.
 */
export function findJsonFault(text: string, maximumDepth: number): JsonFault | undefined {
  const open: Container[] = []
  let expected = 'value' as Expected
  let at = 0

  const fault = (code: ErrorCode, detail: string): JsonFault => ({ code, pointer: pointerOf(open), detail })
  const malformed = (): JsonFault => {
    if (text.trim() === '') return fault('malformed_json', 'there is no JSON')
    return fault('malformed_json', at >= text.length ? 'it ends too early' : `it breaks at character ${at}`)
  }
  const enter = (names: Container['names']): JsonFault | undefined => {
    if (open.length === maximumDepth) return fault('json_too_deep', `is nested more than ${maximumDepth} levels deep`)
    open.push({ names, step: names === null ? 0 : null })
    expected = names === null ? 'value or end' : 'name or end'
    at += 1
    return undefined
  }
  const leave = (): undefined => {
    open.pop()
    expected = 'end'
    at += 1
  }

  const readName = (): JsonFault | undefined => {
    const top = open.at(-1)
    const end = endOfString(text, at)
    if (!top?.names || end === undefined) return malformed()
    const name = JSON.parse(text.slice(at, end)) as string
    top.step = name.toWellFormed()
    if (!name.isWellFormed()) return fault('json_lone_surrogate', 'has half of a surrogate pair in its name')
    if (top.names.has(name)) return fault('json_duplicate_member', 'is there twice')
    top.names.add(name)
    at = matchAt(whiteSpace, text, end)
    if (text[at] !== ':') return malformed()
    at += 1
    expected = 'value'
    return undefined
  }

  const readScalar = (): JsonFault | undefined => {
    const from = at
    const end = text[at] === '"' ? endOfString(text, at) : endOfLiteral(text, at)
    if (end === undefined) return malformed()
    const token = text.slice(from, end)
    if (token.startsWith('"')) {
      if (!(JSON.parse(token) as string).isWellFormed())
        return fault('json_lone_surrogate', 'holds half of a surrogate pair')
    } else if (/^[-\d]/.test(token) && !survivesAsDouble(token))
      return fault('json_lost_number', `${token.slice(0, 40)} would not keep its value; send it as text`)
    at = end
    expected = 'end'
    return undefined
  }

  const readNext = (): JsonFault | undefined => {
    const top = open.at(-1)
    const next = text[at]
    if (expected === 'name' || expected === 'name or end') {
      if (next === '"') return readName()
      return next === '}' && expected === 'name or end' ? leave() : malformed()
    }
    if (expected === 'end') {
      if (next === (top?.names ? '}' : ']')) return leave()
      if (next !== ',' || top === undefined) return malformed()
      top.step = typeof top.step === 'number' ? top.step + 1 : null
      expected = top.names ? 'name' : 'value'
      at += 1
      return undefined
    }
    if (next === '[') return enter(null)
    if (next === '{') return enter(new Set())
    return next === ']' && expected === 'value or end' ? leave() : readScalar()
  }

  for (;;) {
    at = matchAt(whiteSpace, text, at)
    if (expected === 'end' && open.length === 0) return at === text.length ? undefined : malformed()
    const found = readNext()
    if (found !== undefined) return found
  }
}

function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

/** Where the string literal that begins at `at` is over; undefined where it is none. */
function endOfString(text: string, at: number): number | undefined {
  for (let end = at + 1; end < text.length; end += 1) {
    const code = text.charCodeAt(end)
    if (code === 0x22) return end + 1
    if (code < 0x20) return undefined
    if (code !== 0x5c) continue
    end += 1
    const escape = text[end] ?? ''
    if (escape === 'u' && /^[\da-f]{4}$/i.test(text.slice(end + 1, end + 5))) end += 4
    else if (escape === '' || !'"\\/bfnrt'.includes(escape)) return undefined
  }
  return undefined
}

function endOfLiteral(text: string, at: number): number | undefined {
  const word = ['true', 'false', 'null'].find((literal) => text.startsWith(literal, at))
  if (word !== undefined) return at + word.length
  const end = matchAt(number, text, at)
  return end === at ? undefined : end
}

function pointerOf(open: readonly Container[]): string {
  let pointer = ''
  for (const { step } of open) {
    if (step === null) return pointer
    const longer = `${pointer}/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (longer.length > longestPointer) return pointer
    pointer = longer
  }
  return pointer
}
