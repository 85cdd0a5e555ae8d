import { isKnown, type Author, type View } from './authors.ts'

/**
 * Items that came into a sequence together. Others that came in later hang on the item that they were put next to: `before` it, or
 * `instead` of it (which is between what is before it and itself), or `after` the last one.
 */
export interface Run<Item> {
  readonly by: Author | null
  /** Tells runs of one author apart, in the order in which they were made. */
  readonly rank: number
  readonly items: readonly Item[]
  readonly before: Map<number, Run<Item>[]>
  readonly instead: Map<number, Run<Item>[]>
  readonly after: Run<Item>[]
}

/** Some items of a run that stand next to each other. */
export interface Span<Item> {
  readonly run: Run<Item>
  readonly from: number
  readonly to: number
}

/** One item's place. */
export interface Place<Item> {
  readonly run: Run<Item>
  readonly offset: number
}

export function newRun<Item>(by: Author | null, rank: number, items: readonly Item[]): Run<Item> {
  return { by, rank, items, before: new Map(), instead: new Map(), after: [] }
}

/**
 * All items that a view knows, in their order, those that were taken out again included. The order is a function of what is known, and not of
 * the order in which it came: it is that of a tree (Fugue: Weidner and Kleppmann, "The Art of the Fugue", 2023), in which
 * only concurrent runs are siblings, and those stand in the order of their delta ids.
 */
export function spansOf<Item>(root: Run<Item>, view: View): Span<Item>[] {
  const spans: Span<Item>[] = []
  const open: (Run<Item> | Span<Item>)[] = [root]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if ('run' in next) spans.push(next)
    else open.push(...partsOf(next, view).reverse())
  }
  return spans
}

function partsOf<Item>(run: Run<Item>, view: View): (Run<Item> | Span<Item>)[] {
  const parts: (Run<Item> | Span<Item>)[] = []
  const add = (runs: readonly Run<Item>[] | undefined): void => {
    for (const each of runs ?? []) if (isKnown(view, each.by)) parts.push(each)
  }
  let from = 0
  for (const offset of [...new Set([...run.before.keys(), ...run.instead.keys()])].sort((one, other) => one - other)) {
    if (offset > from) parts.push({ run, from, to: offset })
    add(run.before.get(offset))
    add(run.instead.get(offset))
    from = offset
  }
  if (run.items.length > from) parts.push({ run, from, to: run.items.length })
  add(run.after)
  return parts
}

/** Where a run goes, as its author knew the sequence. */
export interface Spot<Item> {
  /** The item before it; null at the start. */
  readonly left: Place<Item> | null
  /** The next known item after `left`, taken out or not; null at the end. */
  readonly right: Place<Item> | null
  /** The item that it takes the place of, if any. */
  readonly instead: Place<Item> | null
}

/**
 * Puts a run where its author put it. Whatever the author knew at that place hangs elsewhere, so that all the siblings it comes to stand
 * among are concurrent.
 */
export function insertRun<Item>(
  root: Run<Item>,
  view: View,
  { left, right, instead }: Spot<Item>,
  run: Run<Item>,
): void {
  const isFree = (runs: readonly Run<Item>[] | undefined): boolean =>
    runs === undefined || !runs.some((each) => isKnown(view, each.by))
  if (instead !== null && isFree(instead.run.instead.get(instead.offset)))
    return hang(run, instead.run.instead, instead.offset)
  if (left !== null && left.offset === left.run.items.length - 1 && isFree(left.run.after))
    return sortIn(left.run.after, run)
  if (right !== null) return hang(run, right.run.before, right.offset)
  sortIn(root.after, run)
}

function hang<Item>(run: Run<Item>, lists: Map<number, Run<Item>[]>, offset: number): void {
  const list = lists.get(offset)
  if (list) sortIn(list, run)
  else lists.set(offset, [run])
}

function sortIn<Item>(list: Run<Item>[], run: Run<Item>): void {
  const at = list.findIndex((other) => comesBefore(run, other))
  list.splice(at === -1 ? list.length : at, 0, run)
}

function comesBefore<Item>(one: Run<Item>, other: Run<Item>): boolean {
  const [first, second] = [one.by?.id ?? '', other.by?.id ?? '']
  return first === second ? one.rank < other.rank : first < second
}
