import type { RunOutcome, SettleItem, Usage } from '@studio/contracts'
import { runId } from '@studio/kernel'
import { settlementOf } from './node-settlement.ts'
import type { GraphTransaction, NewRun, NodeRow, StoredClaim } from './ports.ts'

/** A newer change waits for its run, which was left alone. */
export function isAgain(node: NodeRow): boolean {
  return node.again_cascade_id !== null
}

/** A claimed node, and what its worker says of it. */
export interface Held {
  node: NodeRow
  item: SettleItem
}

/** Ends the runs that have ended: heads, runs, memos, what they took; what is below those that failed is blocked. */
export async function recordOutcomes(
  graph: GraphTransaction,
  claim: StoredClaim | null,
  held: readonly Held[],
): Promise<void> {
  const ended = held.filter(
    (one): one is Held & { item: { outcome: RunOutcome } } =>
      one.item.outcome !== 'returned' && one.item.outcome !== 'fresh',
  )
  if (ended.length === 0) return
  const runs = ended.map(({ node, item }) => runOf(node, item, item.outcome, claim))
  await graph.settle(ended.map(({ node, item }) => settlementOf(node, item)))
  await graph.addRuns(runs)
  countUsage(graph, runs)
  await graph.addMemos(
    runs.flatMap((run, index) => {
      const { key, content_hash } = run
      const { node, item } = ended[index] as Held
      const { content_type } = item
      // What came out as the head is, but for what has no meaning, or was recorded before, names no size: there it is the head's, a user's edit included.
      const size = item.size ?? node.size ?? 0
      // Also what another node's run has made in this very moment: it may come to nothing for that one.
      const hasOutput = run.outcome === 'version' || run.outcome === 'cutoff' || run.outcome === 'memo'
      return hasOutput && key && content_hash && content_type
        ? [{ key, content_hash, content_type, size, run_id: run.id }]
        : []
    }),
  )
  // Nobody waits for what was to be deleted, and what is derived again has not failed yet.
  const failed = ended
    .filter(({ node, item }) => item.outcome === 'failed' && !node.doomed && !isAgain(node))
    .map(({ node }) => node.blob_id)
  if (failed.length > 0) await graph.blockBelow(failed)
  await graph.addEvents([
    {
      type: 'studio.run.settled',
      facts: runs.map(({ id, blob_id, provider_id, outcome, version, content_hash }) => ({
        run_id: id,
        blob_id,
        provider_id,
        outcome,
        version,
        content_hash,
      })),
    },
  ])
}

/**
 * Where the key that a node was claimed with is not the one that its worker found, nobody knew whether it would run: claimed with what it waits for it was not
 * counted, with more than its provider reads it was.
 */
export async function correctBegun(graph: GraphTransaction, held: readonly Held[]): Promise<void> {
  const begun = new Map<string, number>()
  let runs = 0
  for (const { node, item } of held) {
    const ran = item.outcome === 'version' || item.outcome === 'cutoff'
    const was = node.key !== null
    const isUnknown = item.key !== null && item.key !== node.key
    if (!isUnknown || ran === was || item.outcome === 'returned') continue
    const change = ran ? 1 : -1
    runs += change
    if (node.cascade_id) begun.set(node.cascade_id, (begun.get(node.cascade_id) ?? 0) + change)
  }
  if (runs !== 0) graph.spend({ runs, tokens: 0, cost_microdollars: 0 })
  await graph.countBegun(begun)
}

/** Runs count when they begin, what they take when they end. */
function countUsage(graph: GraphTransaction, runs: readonly NewRun[]): void {
  const sum = (what: keyof Usage) => runs.reduce((all, { usage }) => all + (usage[what] ?? 0), 0)
  const [tokens, cost_microdollars] = [sum('tokens'), sum('cost_microdollars')]
  if (tokens > 0 || cost_microdollars > 0) graph.spend({ runs: 0, tokens, cost_microdollars })
}

function runOf(node: NodeRow, item: SettleItem, outcome: RunOutcome, claim: StoredClaim | null): NewRun {
  return {
    id: runId(node.blob_id, node.epoch),
    blob_id: node.blob_id,
    epoch: node.epoch,
    provider_id: node.provider_id ?? '',
    provider_version: node.provider_version ?? '',
    key: item.key,
    inputs: item.inputs,
    outcome,
    version: item.version,
    content_hash: item.content_hash,
    attempts: node.attempts + item.attempts,
    duration_ms: item.duration_ms,
    usage: item.usage,
    workflow_id: claim?.work.workflow_id ?? '',
    cascade_id: node.cascade_id,
    caused_by: node.caused_by,
    error: item.error,
  }
}
