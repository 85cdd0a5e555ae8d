/** One batch of the collector at the store: contents looked at, deleted, and raw bytes deleted; null when a commit came between. */
export type CollectBatch = (
  before: Date,
  limit: number,
) => Promise<{ seen: number; collected: number; bytes: number } | null>

/** How long staged content waits for a version that uses it. */
const keptMs = 24 * 60 * 60 * 1000
const batchSize = 100
/** Batches that a commit may spoil in a row before the rest is left to the next round. */
const patience = 10

/** Deletes the contents that were staged a day before `now` and that no version uses, in small batches; answers how many, and their bytes. */
export async function collectStagedContents(
  collect: CollectBatch,
  now: Date,
): Promise<{ collected: number; bytes: number }> {
  const before = new Date(now.getTime() - keptMs)
  const total = { collected: 0, bytes: 0 }
  for (let spoiled = 0; spoiled < patience;) {
    const batch = await collect(before, batchSize)
    if (batch === null) {
      spoiled++
      continue
    }
    total.collected += batch.collected
    total.bytes += batch.bytes
    if (batch.seen < batchSize) break
  }
  return total
}
