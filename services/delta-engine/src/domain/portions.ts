import { cut } from './cut.ts'
import { neededContent } from './plan-change.ts'
import type { Work } from './work.ts'

/** Bytes of contents that the works of one portion are made on. */
const portionBytes = 32 * 2 ** 20
/** What staged content is taken for, whose size is not known. */
const stagedBytes = 4 * 2 ** 20

/** Cuts works whose heads are known: a few kilobytes of changes may be made on gigabytes of content, which are not held at the same time. */
export function portionsOf(works: readonly Work[]): Work[][] {
  return cut(works, weigh, portionBytes)
}

function weigh({ submission: { item }, head, merges }: Work): number {
  const { base, staged } = neededContent(item, head)
  const size = head?.size ?? 0
  // Merging needs the content as its author saw it, and as it was before others had seen less.
  return (merges ? 4 * size : base === null ? 0 : size) + (staged === null ? 0 : stagedBytes)
}
