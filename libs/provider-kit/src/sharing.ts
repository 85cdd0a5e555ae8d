import type { Product } from './produce.ts'

/** Derivation keys that this process computes. */
export interface Sharing {
  /**
   * One computation for one key at a time, also of nodes whose keys nobody knew when they were claimed: computes, or waits for who does so already (then it is
   * not `own`). Where that one fails, it is this one's turn.
   */
  compute(key: string, work: () => Promise<Product>): Promise<{ product: Product; isOwn: boolean }>
  /** Whoever computed these keys has recorded them, or never will. */
  release(keys: Iterable<string>): void
}

export function createSharing(): Sharing {
  const products = new Map<string, Promise<Product>>()
  return {
    async compute(key, work) {
      for (let underWay = products.get(key); underWay !== undefined; underWay = products.get(key)) {
        const product = await underWay.catch(() => null)
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
    },
    release(keys) {
      for (const key of keys) products.delete(key)
    },
  }
}
