import type { Conflict } from './conflict.ts'

/** All orders of a list. */
export function ordersOf<Item>(items: readonly Item[]): Item[][] {
  if (items.length <= 1) return [[...items]]
  return items.flatMap((item, at) => ordersOf(items.toSpliced(at, 1)).map((rest) => [item, ...rest]))
}

/** The ids of the deltas in conflict, whoever came first. */
export function pairsOf(conflicts: readonly Conflict[]): string[] {
  return [...new Set(conflicts.map(({ one, other }) => [one.by.id, other.by.id].sort().join(' ')))]
}
