import { isDeepStrictEqual } from 'node:util'

/** The three contents of one content type that a user's edit of a derived blob has, as bytes. */
export interface Sides {
  readonly base: Buffer
  readonly edited: Buffer
  readonly generated: Buffer
}

/**
 * Whether content may be what merging an edit with a newer output gives: whoever alone changed a place has it. Where both changed one place, or that cannot be told
 * (items of arrays, lines that have moved, changes without an untouched line between them that is there once), anything may be.
 */
export function mayBeMerge(contentType: string, sides: Sides, found: Buffer): boolean {
  if (/^application\/(.+\+)?json\b/.test(contentType)) {
    const [base, edited, generated, value] = [sides.base, sides.edited, sides.generated, found].map(parse)
    return agrees(base, edited, generated, value)
  }
  const merged = mergeLines(linesOf(sides.base), linesOf(sides.edited), linesOf(sides.generated))
  return merged === null || merged.join('\n') === found.toString('utf8')
}

function parse(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString('utf8')) as unknown
}

/** Member by member; what is not there is undefined. */
function agrees(base: unknown, edited: unknown, generated: unknown, found: unknown): boolean {
  if (isDeepStrictEqual(generated, base)) return isDeepStrictEqual(found, edited)
  if (isDeepStrictEqual(edited, base) || isDeepStrictEqual(edited, generated))
    return isDeepStrictEqual(found, generated)
  if (!isObject(base) || !isObject(edited) || !isObject(generated)) return true
  if (!isObject(found)) return false
  const names = new Set([base, edited, generated, found].flatMap((value) => Object.keys(value)))
  return [...names].every((name) => agrees(own(base, name), own(edited, name), own(generated, name), own(found, name)))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function own(value: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined
}

function linesOf(bytes: Buffer): string[] {
  return bytes.toString('utf8').split('\n')
}

/** A stretch of base lines, from `from` up to `to`, that became other lines. */
interface Hunk {
  readonly from: number
  readonly to: number
  readonly lines: readonly string[]
}

/** The text that has both sides' changes; null where that cannot be told line by line. */
function mergeLines(base: string[], edited: string[], generated: string[]): string[] | null {
  const [mine, theirs] = [hunksOf(base, edited), hunksOf(base, generated)]
  if (mine === null || theirs === null) return null
  // Between what the two have changed stands a line that neither has.
  const areApart = mine.every((one) => theirs.every((other) => one.to < other.from || other.to < one.from))
  if (!areApart) return null
  const merged: string[] = []
  let at = 0
  for (const { from, to, lines } of [...mine, ...theirs].sort((one, other) => one.from - other.from)) {
    merged.push(...base.slice(at, from), ...lines)
    at = to
  }
  return [...merged, ...base.slice(at)]
}

/**
 * What became of a text, between the lines that are there once on both sides. Null where these are not in their order any more.
 */
function hunksOf(base: readonly string[], made: readonly string[]): Hunk[] | null {
  const places = placesOfSingles(made)
  const hunks: Hunk[] = []
  let [from, madeFrom] = [0, 0]
  const compareUpTo = (to: number, madeTo: number): void => {
    const lines = made.slice(madeFrom, madeTo)
    if (!isDeepStrictEqual(base.slice(from, to), lines)) hunks.push({ from, to, lines })
    ;[from, madeFrom] = [to + 1, madeTo + 1]
  }
  for (const [line, at] of placesOfSingles(base)) {
    const place = places.get(line)
    if (place === undefined) continue
    if (place < madeFrom) return null
    compareUpTo(at, place)
  }
  compareUpTo(base.length, made.length)
  return hunks
}

/** Lines that are there once, in their order, with their places. */
function placesOfSingles(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  return new Map(lines.flatMap((line, at) => (counts.get(line) === 1 ? [[line, at] as const] : [])))
}
