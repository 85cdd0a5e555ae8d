import { diffArrays } from 'diff'
import { findAnchors } from './anchors.ts'

/** One changed stretch: the tokens `from` to `to` (end not included) of one list became `otherFrom` to `otherTo` of the other. */
export interface Change {
  readonly from: number
  readonly to: number
  readonly otherFrom: number
  readonly otherTo: number
}

/**
 * What looking for shortest differences may cost in all: tokens that are looked at, of about 0.3 µs each, and steps of about 0.1 µs, of which
 * Myers' algorithm takes the square of the edits.
 */
export interface Effort {
  tokens: number
  steps: number
}

/** One difference of 300 edits, or a hundred of 30: at most some 40 ms. */
export const newEffort = (): Effort => ({ tokens: 40_000, steps: 300 ** 2 })

/**
 * The changes that make one list of tokens the other: the fewest, where they are few; else the fewest between tokens that both have just
 * once; and where that takes more than what is left of the effort, all between two such tokens as one change. Tokens are equal by `===`.
 */
export function diffTokens(one: readonly string[], other: readonly string[], effort: Effort): Change[] {
  const whole = trim({ from: 0, to: one.length, otherFrom: 0, otherTo: other.length }, one, other)
  if (isEmpty(whole)) return []
  effort.tokens -= whole.to - whole.from + whole.otherTo - whole.otherFrom
  if (isOneSided(whole) || effort.tokens < 0) return [whole]
  // Numbers, so that a comparison costs the same however long a token is.
  const numbers = new Map<string, number>()
  const intern = (token: string): number => {
    const known = numbers.get(token)
    if (known !== undefined) return known
    numbers.set(token, numbers.size)
    return numbers.size - 1
  }
  const [tokens, others] = [one.slice(whole.from, whole.to), other.slice(whole.otherFrom, whole.otherTo)]
  return diffNumbers(tokens.map(intern), others.map(intern), effort).map((change) => ({
    from: change.from + whole.from,
    to: change.to + whole.from,
    otherFrom: change.otherFrom + whole.otherFrom,
    otherTo: change.otherTo + whole.otherFrom,
  }))
}

function diffNumbers(one: readonly number[], other: readonly number[], effort: Effort): Change[] {
  const whole = { from: 0, to: one.length, otherFrom: 0, otherTo: other.length }
  const fewest = shortest(one, other, whole, effort, effort.steps / 2)
  if (fewest !== undefined) return fewest
  const changes: Change[] = []
  let [from, otherFrom] = [0, 0]
  for (const [to, otherTo] of [...findAnchors(one, other), [one.length, other.length] as const]) {
    const between = trim({ from, to, otherFrom, otherTo }, one, other)
    if (!isEmpty(between)) changes.push(...(shortest(one, other, between, effort, effort.steps) ?? [between]))
    from = to + 1
    otherFrom = otherTo + 1
  }
  return changes
}

/** The fewest changes within a stretch; undefined where finding them takes more than so many steps. */
function shortest(
  one: readonly number[],
  other: readonly number[],
  { from, to, otherFrom, otherTo }: Change,
  effort: Effort,
  steps: number,
): Change[] | undefined {
  const maxEditLength = Math.floor(Math.sqrt(steps))
  const [length, otherLength] = [to - from, otherTo - otherFrom]
  if (length === 0 || otherLength === 0) return [{ from, to, otherFrom, otherTo }]
  if (Math.abs(length - otherLength) > maxEditLength) return undefined
  const components = diffArrays(one.slice(from, to), other.slice(otherFrom, otherTo), { maxEditLength })
  const edits = components?.reduce((sum, { added, removed, count }) => sum + (added || removed ? count : 0), 0)
  effort.steps -= (edits ?? maxEditLength) ** 2
  return components && changesOf(components, from, otherFrom)
}

function changesOf(
  components: readonly { added: boolean; removed: boolean; count: number }[],
  at: number,
  otherAt: number,
): Change[] {
  const changes: Change[] = []
  let [from, to, otherFrom, otherTo] = [at, at, otherAt, otherAt]
  const end = (): void => {
    if (to > from || otherTo > otherFrom) changes.push({ from, to, otherFrom, otherTo })
  }
  for (const { added, removed, count } of components) {
    if (removed) to += count
    else if (added) otherTo += count
    else {
      end()
      from = to += count
      otherFrom = otherTo += count
    }
  }
  end()
  return changes
}

/** A stretch without what both sides have in common at its start and its end. */
function trim<Token>(stretch: Change, one: readonly Token[], other: readonly Token[]): Change {
  let { from, to, otherFrom, otherTo } = stretch
  for (; from < to && otherFrom < otherTo && one[from] === other[otherFrom]; from++) otherFrom++
  for (; from < to && otherFrom < otherTo && one[to - 1] === other[otherTo - 1]; to--) otherTo--
  return { from, to, otherFrom, otherTo }
}

function isOneSided({ from, to, otherFrom, otherTo }: Change): boolean {
  return from === to || otherFrom === otherTo
}

function isEmpty({ from, to, otherFrom, otherTo }: Change): boolean {
  return from === to && otherFrom === otherTo
}
