import type { PatchMeter } from '../json/patch-meter.ts'
import { areConcurrent, type Author } from './authors.ts'
import type { Run, Span } from './sequence.ts'

export interface Stretch {
  readonly from: number
  readonly to: number
}

/** What deltas did to stretches of runs, so that what meets a stretch is found without asking all. */
export class Stretches<Item, Edit extends { readonly by: Author }> {
  readonly #runs = new Map<Run<Item>, Map<Author, (Stretch & { edit: Edit })[]>>()

  /** One author's stretches are disjoint, and come in their order. */
  add({ run, from, to }: Span<Item>, edit: Edit): void {
    const authors = this.#runs.get(run) ?? new Map<Author, (Stretch & { edit: Edit })[]>()
    this.#runs.set(run, authors)
    const stretches = authors.get(edit.by) ?? []
    authors.set(edit.by, stretches)
    stretches.push({ from, to, edit })
  }

  has(run: Run<Item>): boolean {
    return this.#runs.has(run)
  }

  /** The edits of others, concurrent with `by`, that have something in common with a stretch. */
  *meeting({ run, from, to }: Span<Item>, by: Author, meter: PatchMeter): Generator<Edit> {
    for (const [author, stretches] of this.#runs.get(run) ?? []) {
      meter.work(unitsPerAuthor)
      if (!areConcurrent(author, by)) continue
      for (let at = firstBehind(stretches, from); at < stretches.length; at += 1) {
        const stretch = stretches[at] as Stretch & { edit: Edit }
        if (stretch.from >= to) break
        meter.work(unitsPerAuthor)
        yield stretch.edit
      }
    }
  }

  /** The stretches of a run of which `counts` says yes, in their order, those that overlap made one. */
  of(run: Run<Item>, counts: (edit: Edit) => boolean): Stretch[] {
    const united: { from: number; to: number }[] = []
    const all = [...(this.#runs.get(run)?.values() ?? [])].flat()
    for (const { from, to, edit } of all.sort((one, other) => one.from - other.from)) {
      if (!counts(edit)) continue
      const last = united.at(-1)
      if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
      else united.push({ from, to })
    }
    return united
  }
}

/** Looking for an author's stretch costs a fraction of looking at a JSON value. */
const unitsPerAuthor = 1 / 4

/** The index of the first stretch that goes on behind a place. */
function firstBehind(stretches: readonly Stretch[], place: number): number {
  let [low, high] = [0, stretches.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((stretches[middle] as Stretch).to > place) high = middle
    else low = middle + 1
  }
  return low
}
