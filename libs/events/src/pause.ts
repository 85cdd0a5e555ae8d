/** A wait that can be ended early, so that closing never sits out a delay. */
export interface Pause {
  /** Resolves after the time, or at the next `end`; at once when `end` was called since the last wait. */
  wait(milliseconds: number): Promise<void>
  end(): void
}

export function createPause(): Pause {
  let ended = false
  let finish: (() => void) | undefined
  return {
    wait: (milliseconds) =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer)
          finish = undefined
          ended = false
          resolve()
        }
        const timer = setTimeout(done, milliseconds)
        finish = done
        if (ended) done()
      }),
    end: () => {
      ended = true
      finish?.()
    },
  }
}

/** Delays that double from the first to the most, each up to a half longer by chance. */
export function backoff(firstMs: number, mostMs: number): { next(): number; reset(): void } {
  let current = firstMs
  return {
    next: () => {
      const delay = current
      current = Math.min(current * 2, mostMs)
      return delay * (1 + Math.random() / 2)
    },
    reset: () => {
      current = firstMs
    },
  }
}
