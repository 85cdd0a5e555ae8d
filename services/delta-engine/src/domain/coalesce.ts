export interface Coalescer<Item> {
  push(item: Item): void
  /** Resolves when all that was pushed so far was worked off. */
  settled(): Promise<void>
}

/** Works pushed items off in the background, one batch after another, each with all that came meanwhile. What fails is told and dropped. */
export function createCoalescer<Item>(
  maximumItems: number,
  work: (items: readonly Item[]) => Promise<unknown>,
  onError: (error: unknown, items: number) => void,
): Coalescer<Item> {
  let queue: Item[] = []
  let running: Promise<void> | undefined

  const drain = async (): Promise<void> => {
    // One turn of the event loop later: whoever waits for an answer gets it first.
    await new Promise((resolve) => setImmediate(resolve))
    while (queue.length > 0) {
      const batch = queue.slice(0, maximumItems)
      queue = queue.slice(maximumItems)
      await work(batch).catch((error: unknown) => onError(error, batch.length))
    }
    running = undefined
  }
  return {
    push: (item) => {
      queue.push(item)
      running ??= drain()
    },
    settled: async () => running,
  }
}
