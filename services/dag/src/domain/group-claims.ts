import type { ClaimGroup, Provider } from '@studio/contracts'
import { newId } from '@studio/kernel'
import type { NodeRow } from './ports.ts'

/** A provider may try a node this often before its run counts as failed. */
export const maximumAttempts = 3
/** Roots named on a group; Temporal keeps at most 2 KB in a search attribute. */
const namedRoots = 20
const deletionsPerGroup = 200

export interface ReadyNode {
  node: NodeRow
  /** null: the node is doomed, there is nothing to derive. */
  derivation: { key: string; provider: Provider } | null
}

export interface PlannedGroup {
  group: ClaimGroup
  nodes: ReadyNode[]
}

/**
 * Cuts ready nodes of one tenant into the groups that child workflows take: one provider version each, at most its batch size. A node
 * that failed before goes alone, so that it spoils no other.
 */
export function groupClaims(ready: readonly ReadyNode[], cascadeTaskQueue: string): PlannedGroup[] {
  const together = new Map<string, ReadyNode[]>()
  const groups: PlannedGroup[] = []
  for (const one of ready) {
    if (one.derivation && one.node.attempts > 0) {
      groups.push(plan([one], cascadeTaskQueue))
      continue
    }
    const kind = one.derivation ? `${one.derivation.provider.id}@${one.derivation.provider.version}` : ''
    const list = together.get(kind)
    if (list) list.push(one)
    else together.set(kind, [one])
  }
  for (const nodes of together.values()) {
    const size = nodes[0]?.derivation?.provider.batch_size ?? deletionsPerGroup
    for (let start = 0; start < nodes.length; start += size)
      groups.push(plan(nodes.slice(start, start + size), cascadeTaskQueue))
  }
  return groups
}

function plan(nodes: ReadyNode[], cascadeTaskQueue: string): PlannedGroup {
  const [first] = nodes
  if (!first) throw new Error('a group has at least one node')
  const claimId = newId()
  const provider = first.derivation?.provider
  const common = {
    claim_id: claimId,
    root_ids: [...new Set(nodes.map(({ node }) => node.root_id))].slice(0, namedRoots),
    size: nodes.length,
    attempts_left: Math.max(1, maximumAttempts - first.node.attempts),
    traceparent: first.node.traceparent,
  }
  const group: ClaimGroup = provider
    ? {
        ...common,
        kind: 'run',
        provider_id: provider.id,
        provider_version: provider.version,
        workflow_type: provider.workflow_type,
        task_queue: provider.task_queue,
        timeout_ms: provider.timeout_ms,
        workflow_id: workflowIdOf(provider.id, nodes, claimId),
      }
    : {
        ...common,
        kind: 'delete',
        provider_id: '',
        provider_version: '',
        workflow_type: '',
        task_queue: cascadeTaskQueue,
        timeout_ms: 60_000,
        workflow_id: `delete/${claimId}`,
      }
  return { group, nodes }
}

/** Readable in Temporal's UI, and never the same for two claims: `text-expander/<blob>/<epoch>/<claim>` or `text-expander/batch-of-40/<claim>`. */
function workflowIdOf(providerId: string, nodes: readonly ReadyNode[], claimId: string): string {
  const [only] = nodes
  const tail = claimId.slice(-8)
  return nodes.length === 1 && only
    ? `${providerId}/${only.node.blob_id}/${only.node.epoch}/${tail}`
    : `${providerId}/batch-of-${nodes.length}/${tail}`
}
