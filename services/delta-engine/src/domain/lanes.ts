import { StudioError } from '@studio/kernel'

export interface LaneOptions<Item, Answer> {
  /** Items with one key never run in two batches at the same time. */
  key(item: Item): string
  /** Rough bytes of an item, so that a batch stays small enough to be sent; `isFirst` of its key in the batch. */
  weight(item: Item, isFirst: boolean): number
  /** Does the work of a batch, those of one key in their order, answering in order. */
  work(items: readonly Item[]): Promise<readonly Answer[]>
  readonly maximumItems: number
  readonly maximumWeight: number
  /** Batches at work at the same time. */
  readonly maximumBatches: number
  /** What waited longer for its turn is refused with `timeout`: who sent it gives up soon, and is better told that nothing was done. */
  readonly maximumWaitMs: number
}

interface Waiting<Item, Answer> {
  readonly item: Item
  readonly since: number
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/**
 * Joins what arrives, from however many requests, into batches, those of one key in one batch at a time: changes of one blob follow each
 * other in this process instead of losing to each other at blob. An item waits only for its own key and for a free batch.
 */
export function createLanes<Item, Answer>(options: LaneOptions<Item, Answer>): (item: Item) => Promise<Answer> {
  let waiting: Waiting<Item, Answer>[] = []
  const busy = new Set<string>()
  let batches = 0
  let scheduled = false

  const takeBatch = (): Waiting<Item, Answer>[] => {
    const batch: Waiting<Item, Answer>[] = []
    const left: Waiting<Item, Answer>[] = []
    const taken = new Set<string>()
    // Nothing overtakes what has the same key.
    const passed = new Set<string>()
    let weight = 0
    const earliest = performance.now() - options.maximumWaitMs
    for (const entry of waiting) {
      if (entry.since < earliest) {
        entry.reject(tooLate())
        continue
      }
      const key = options.key(entry.item)
      const itemWeight = options.weight(entry.item, !taken.has(key))
      const fits =
        batch.length === 0 || (batch.length < options.maximumItems && weight + itemWeight <= options.maximumWeight)
      if (!fits || passed.has(key) || (busy.has(key) && !taken.has(key))) {
        left.push(entry)
        passed.add(key)
      } else {
        busy.add(key)
        taken.add(key)
        weight += itemWeight
        batch.push(entry)
      }
    }
    waiting = left
    return batch
  }

  const run = async (batch: readonly Waiting<Item, Answer>[]): Promise<void> => {
    try {
      const answers = await options.work(batch.map((entry) => entry.item))
      batch.forEach((entry, at) => entry.resolve(answers[at] as Answer))
    } catch (error) {
      for (const entry of batch) entry.reject(error)
    } finally {
      for (const entry of batch) busy.delete(options.key(entry.item))
      batches -= 1
      schedule()
    }
  }

  const pump = (): void => {
    scheduled = false
    while (batches < options.maximumBatches) {
      const batch = takeBatch()
      if (batch.length === 0) return
      batches += 1
      void run(batch)
    }
  }

  // In a microtask, so that all items of one request go into the same batch.
  const schedule = (): void => {
    if (scheduled || waiting.length === 0) return
    scheduled = true
    queueMicrotask(pump)
  }

  return (item) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    waiting.push({ item, since: performance.now(), resolve, reject })
    schedule()
    return promise
  }
}

function tooLate(): StudioError {
  return new StudioError(
    'timeout',
    'The change waited too long for those before it. Nothing of it was done; send it again.',
  )
}
