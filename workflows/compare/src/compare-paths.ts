const position = /^\d+$/

/**
 * An order of JSON Pointers by their tokens: positions by number, before names by code units, and what stands above before what is within. So it
 * does not depend on the order in which a document has its members.
 */
export function comparePaths(one: readonly string[], other: readonly string[]): number {
  const at = one.findIndex((token, index) => token !== other[index])
  const [token, otherToken] = [one[at], other[at]]
  if (token === undefined || otherToken === undefined) return one.length - other.length
  const [isPosition, isOtherPosition] = [position.test(token), position.test(otherToken)]
  if (isPosition && isOtherPosition) return Number(token) - Number(otherToken)
  if (isPosition !== isOtherPosition) return isPosition ? -1 : 1
  return token < otherToken ? -1 : 1
}
