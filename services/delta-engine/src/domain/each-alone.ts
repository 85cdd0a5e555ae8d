import { isStudioError } from '@studio/kernel'
import type { Settled } from './ports.ts'

/**
 * Runs a batch as one, and where it fails for a reason that may be one item's own, each item alone: an item never harms the others. What
 * may succeed later (a part of the studio is away) is not tried item by item.
 */
export async function eachAlone<Item, Value>(
  items: readonly Item[],
  run: (items: readonly Item[]) => Promise<readonly Value[]>,
): Promise<Settled<Value>[]> {
  try {
    const values = await run(items)
    return items.map((_item, at) => ({ value: values[at] as Value }))
  } catch (error) {
    if (items.length <= 1 || mayPass(error)) return items.map(() => ({ error }))
    const settled: Settled<Value>[] = []
    for (const item of items) settled.push(...(await eachAlone([item], run)))
    return settled
  }
}

/** What came of one item. */
export async function settled<Value>(work: Promise<Value>): Promise<Settled<Value>> {
  try {
    return { value: await work }
  } catch (error) {
    return { error }
  }
}

/** What came of one item; throws its error. */
export function valueOf<Value>(settled: Settled<Value> | undefined): Value {
  if (settled === undefined) throw new TypeError('a list is answered item by item')
  if ('error' in settled) throw settled.error
  return settled.value
}

/** Whether what failed may succeed later, as it is. */
export function mayPass(error: unknown): boolean {
  return isStudioError(error, 'dependency_unavailable') || isStudioError(error, 'timeout')
}
