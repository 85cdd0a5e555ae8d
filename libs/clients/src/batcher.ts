/** Limits of one joined request. */
export interface BatchLimits {
  readonly maxItems: number
  /** Most bytes of the items together. */
  readonly maxBytes: number
  /** Requests that may be under way at once. While they are, new items gather: the busier the callee, the larger the batches. */
  readonly maxFlushes: number
}

interface Waiting<Item, Answer> {
  readonly item: Item
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/**
 * Joins concurrent calls: takes one item and answers its own part of the answer. `flush` sends many and answers as many, in
 * the same order; where it fails, every one of its items fails. An item waits for nobody while fewer than `maxFlushes` are under way.
 */
export function createBatcher<Item, Answer>(
  flush: (items: readonly Item[]) => Promise<readonly Answer[]>,
  sizeOf: (item: Item) => number,
  { maxItems, maxBytes, maxFlushes }: BatchLimits,
): (item: Item) => Promise<Answer> {
  let queue: Waiting<Item, Answer>[] = []
  let underWay = 0
  let scheduled = false

  const next = (): Waiting<Item, Answer>[] => {
    let bytes = 0
    let count = 0
    for (const { item } of queue) {
      bytes += sizeOf(item)
      // A single item that is over the limit still goes, alone.
      if (count > 0 && (bytes > maxBytes || count >= maxItems)) break
      count++
    }
    const batch = queue.slice(0, count)
    queue = queue.slice(count)
    return batch
  }

  const send = async (batch: Waiting<Item, Answer>[]): Promise<void> => {
    underWay++
    try {
      const answers = await flush(batch.map(({ item }) => item))
      if (answers.length !== batch.length) throw new TypeError(`${answers.length} answers for ${batch.length} items`)
      batch.forEach(({ resolve }, index) => resolve(answers[index] as Answer))
    } catch (error) {
      for (const { reject } of batch) reject(error)
    } finally {
      underWay--
      drain()
    }
  }

  const drain = (): void => {
    scheduled = false
    while (queue.length > 0 && underWay < maxFlushes) void send(next())
  }

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, resolve, reject })
      if (scheduled || underWay >= maxFlushes) return
      scheduled = true
      // After all that this turn of the event loop brings: calls of one tick go together.
      setImmediate(drain)
    })
}
