/** A token that stands once on either side: its place in each. */
export type Anchor = readonly [at: number, otherAt: number]

/**
 * The most tokens, each once in both lists, that stand in the same order in both (Bram Cohen's patience diff): what two long texts with many
 * edits have in common, found in n log n.
 */
export function findAnchors(one: readonly number[], other: readonly number[]): Anchor[] {
  const places = placesOfUnique(one)
  const others = placesOfUnique(other)
  const pairs: Anchor[] = []
  for (const [token, at] of places) {
    const otherAt = others.get(token)
    if (at >= 0 && otherAt !== undefined && otherAt >= 0) pairs.push([at, otherAt])
  }
  return longestIncreasing(pairs)
}

/** Tokens in the order in which they first come, each with its place, or -1 where it comes again. */
function placesOfUnique(tokens: readonly number[]): Map<number, number> {
  const places = new Map<number, number>()
  for (const [at, token] of tokens.entries()) places.set(token, places.has(token) ? -1 : at)
  return places
}

/** The longest subsequence whose second members increase; the first ones do already. */
function longestIncreasing(pairs: readonly Anchor[]): Anchor[] {
  // tails[n]: the pair that ends the best subsequence of n + 1 pairs so far; before[i]: the pair that comes before pair i in its own.
  const tails: number[] = []
  const before: (number | undefined)[] = []
  for (const [index, [, otherAt]] of pairs.entries()) {
    let [low, high] = [0, tails.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((pairs[tails[middle] as number] as Anchor)[1] < otherAt) low = middle + 1
      else high = middle
    }
    before.push(tails[low - 1])
    tails[low] = index
  }
  const chosen: Anchor[] = []
  for (let index = tails.at(-1); index !== undefined; index = before[index]) chosen.push(pairs[index] as Anchor)
  return chosen.reverse()
}
