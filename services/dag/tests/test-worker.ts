import { noUsage, type ClaimGroup, type ClaimInput, type ClaimItem, type SettleItem } from '@studio/contracts'
import type { Database } from '@studio/database'
import { contentsByName, derivationKey } from '@studio/kernel'
import { readClaim, recall } from '../src/store/claim-reader.ts'

/** A claimed node whose inputs are known, and with them its key. */
export type WorkItem = Omit<ClaimItem, 'inputs' | 'key'> & { inputs: ClaimInput[]; key: string }

/** Keys that the workers of a test compute at the moment: one computation for one key at a time. */
export type Computing = Map<string, ClaimItem['memo']>

/**
 * Works off a claim as a worker does: each node after those of the claim that it reads, at what these came to; what did not come about sends its readers
 * back. `settle` says what becomes of a node.
 */
export async function workOffClaim(
  database: Database,
  { claim_id, kind }: ClaimGroup,
  settle: (item: WorkItem, index: number) => SettleItem,
  computing: Computing = new Map(),
): Promise<SettleItem[]> {
  const made = new Map<string, SettleItem>()
  const outcomes: SettleItem[] = []
  const claimed = await readClaim(database, claim_id, 30_000)
  if (kind === 'delete')
    return claimed.map((item, index) => settle({ ...item, inputs: [], key: '0'.repeat(64) }, index))
  for (let open = claimed; open.length > 0;) {
    const ids = new Set(open.map(({ node_id }) => node_id))
    const isNext = ({ inputs }: ClaimItem) => !inputs.some((input) => !('version' in input) && ids.has(input.blob_id))
    const next = open.filter(isNext)
    if (next.length === 0) throw new Error('the nodes of a claim wait for each other')
    for (const claimedItem of next) {
      const inputs = claimedItem.inputs.flatMap((input) => inputOf(input, made))
      if (inputs.length < claimedItem.inputs.length) {
        outcomes.push(ended(claimedItem, 'returned'))
        continue
      }
      const item = { ...claimedItem, inputs, key: claimedItem.key ?? keyOf(claimedItem, inputs) }
      if (claimedItem.key === null && item.head_hash !== null && item.key === item.last_key) {
        const { head_version: version, head_hash: content_hash, head_content_type: content_type } = item
        const fresh = { ...ended(item, 'fresh'), inputs, key: item.key, version, content_hash, content_type }
        made.set(item.node_id, fresh)
        outcomes.push(fresh)
        continue
      }
      if (claimedItem.key === null) {
        const [recorded = null] = await recall(database, item.tenant_id, [item.key])
        item.memo = recorded ?? computing.get(item.key) ?? null
      }
      const outcome = settle(item, outcomes.length)
      outcomes.push(outcome)
      if (outcome.outcome === 'failed' || outcome.outcome === 'returned') continue
      made.set(item.node_id, outcome)
      if (outcome.content_hash && outcome.content_type)
        computing.set(item.key, { content_hash: outcome.content_hash, content_type: outcome.content_type })
    }
    open = open.filter((item) => !isNext(item))
  }
  return outcomes
}

function inputOf(input: ClaimItem['inputs'][number], made: ReadonlyMap<string, SettleItem>): ClaimInput[] {
  if ('version' in input) return [input]
  const { version, content_hash, content_type } = made.get(input.blob_id) ?? {}
  return version && content_hash && content_type ? [{ ...input, version, content_hash, content_type }] : []
}

function keyOf({ provider_id, provider_version, config }: ClaimItem, inputs: readonly ClaimInput[]): string {
  return derivationKey({ provider_id, provider_version, config, inputs: contentsByName(inputs) })
}

function ended({ node_id, epoch }: ClaimItem | WorkItem, outcome: SettleItem['outcome']): SettleItem {
  return {
    node_id, epoch, outcome, inputs: [], key: null, version: null, content_hash: null, content_type: null, size: null, attempts: 1, error: null, duration_ms: 0,
    usage: noUsage,
  } // prettier-ignore
}
