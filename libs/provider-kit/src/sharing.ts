import type { Product } from './produce.ts'

/** Derivation keys that this process computes. */
export interface Sharing {
  open(): Holding
}

/** The keys that one claim is at. */
export interface Holding {
  /**
   * One for each node, before its key is looked up: what anybody in this process computes of it from now on is kept, so that between the look-up and
   * the computation nobody can have recorded it and gone.
   */
  hold(keys: readonly string[]): void
  /**
   * One computation for one key at a time, also of nodes whose keys nobody knew when they were claimed: computes, or takes what somebody else computes or has
   * computed (then it is not `own`). Where that one fails, it is this one's turn. Throws the signal's reason where the claim ends while it waits.
   */
  compute(key: string, signal: AbortSignal, work: () => Promise<Product>): Promise<{ product: Product; isOwn: boolean }>
  /** One node of this key has come to something, which is still to be recorded. */
  done(key: string): void
  /** What is done has been recorded, or never will be. */
  release(): void
  /** The claim has ended. */
  close(): void
}

export function createSharing(): Sharing {
  const products = new Map<string, Promise<Product>>()
  const holders = new Map<string, number>()

  const letGo = (keys: readonly string[]): void => {
    for (const key of keys) {
      const left = (holders.get(key) ?? 1) - 1
      if (left > 0) holders.set(key, left)
      else {
        holders.delete(key)
        products.delete(key)
      }
    }
  }

  const compute: Holding['compute'] = async (key, signal, work) => {
    for (let underWay = products.get(key); underWay !== undefined; underWay = products.get(key)) {
      const product = await unlessAborted(
        signal,
        underWay.catch(() => null),
      )
      if (product !== null) return { product, isOwn: false }
    }
    const own = work()
    products.set(key, own)
    try {
      return { product: await own, isOwn: true }
    } catch (error) {
      if (products.get(key) === own) products.delete(key)
      throw error
    }
  }

  return {
    open() {
      const held: string[] = []
      const finished: string[] = []
      return {
        hold(keys) {
          for (const key of keys) holders.set(key, (holders.get(key) ?? 0) + 1)
          held.push(...keys)
        },
        compute,
        done(key) {
          finished.push(...held.splice(held.indexOf(key), 1))
        },
        release: () => letGo(finished.splice(0)),
        close: () => letGo([...finished.splice(0), ...held.splice(0)]),
      }
    },
  }
}

async function unlessAborted<Value>(signal: AbortSignal, waiting: Promise<Value>): Promise<Value> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason as Error)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([waiting, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
