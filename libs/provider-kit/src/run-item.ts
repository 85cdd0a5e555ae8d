import type { ClaimInput, ClaimItem, InnerInput } from '@studio/contracts'

/** A claimed node whose inputs are known, and with them its key. */
export type RunItem = Omit<ClaimItem, 'inputs' | 'key'> & { inputs: ClaimInput[]; key: string }

export function isInner(input: ClaimInput | InnerInput): input is InnerInput {
  return !('content_hash' in input)
}

/**
 * The nodes of a claim in an order in which they can be made: in each wave those that read nothing of the claim but what the waves before it make.
 */
export function wavesOf(items: readonly ClaimItem[]): ClaimItem[][] {
  const waves: ClaimItem[][] = []
  let open = [...items]
  while (open.length > 0) {
    const unmade = new Set(open.map((item) => item.node_id))
    const [later, next] = [[] as ClaimItem[], [] as ClaimItem[]]
    for (const item of open) {
      const waits = item.inputs.some((input) => isInner(input) && unmade.has(input.blob_id))
      ;(waits ? later : next).push(item)
    }
    if (next.length === 0) throw new TypeError('the nodes of a claim wait for each other')
    waves.push(next)
    open = later
  }
  return waves
}
