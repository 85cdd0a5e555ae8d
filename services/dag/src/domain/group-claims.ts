import type { ClaimGroup, Provider } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { createClosedSubGraph, type WaitingNode } from './closed-sub-graph.ts'
import type { Lease, NodeRow } from './ports.ts'

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
  leases: Lease[]
}

/**
 * Whether what waits for nothing but this node and others of its claim is claimed with it. Not where a user's edit stands: what is below reads that, merged with
 * what the provider makes.
 */
export function takesAlong(node: NodeRow, provider: Provider | null | undefined): boolean {
  return !!provider && provider.batch_size > 1 && !node.doomed && node.attempts === 0 && node.overlay === null
}

/** Whether nodes make `room` of them with what comes along with them. */
export function fillRoom(nodes: readonly NodeRow[], below: readonly WaitingNode[], room: number): boolean {
  const graph = createClosedSubGraph(below)
  let size = 0
  for (const { blob_id } of nodes) size += 1 + graph.add(blob_id, Math.max(0, room - size - 1)).length
  return size >= room
}

/** What has failed before goes alone, and what is doomed has no provider to wait for. */
function isForCrew({ node, derivation }: ReadyNode): boolean {
  return derivation !== null && node.attempts === 0
}

/** The first of these nodes that are, with what comes along with them, at most `room`, and at most what `crews` says of their provider. */
export function fitting(
  ready: readonly ReadyNode[],
  below: readonly WaitingNode[],
  room: number,
  crews: ReadonlyMap<string, number>,
): { ready: ReadyNode[]; below: WaitingNode[] } {
  const graph = createClosedSubGraph(below)
  const taken: ReadyNode[] = []
  const along: WaitingNode[] = []
  const ofCrews = new Map(crews)
  for (const one of ready) {
    const left = room - taken.length - along.length
    if (left === 0) break
    const crew = isForCrew(one) ? ofCrews.get(one.node.provider_id ?? '') : undefined
    if (crew === 0) continue
    taken.push(one)
    const inner = takesAlong(one.node, one.derivation?.provider)
      ? graph.add(one.node.blob_id, Math.min(left, crew ?? left) - 1)
      : []
    along.push(...inner)
    if (crew !== undefined) ofCrews.set(one.node.provider_id ?? '', crew - 1 - inner.length)
  }
  return { ready: taken, below: along }
}

/**
 * Cuts ready nodes of one tenant into the groups that child workflows take: one provider version each, at most its batch size. With the nodes of a cheap
 * provider go those below that wait for nothing else (of the same provider, `below`). A node that failed before goes alone, so that it spoils no other.
 */
export function groupClaims(
  ready: readonly ReadyNode[],
  below: readonly WaitingNode[],
  cascadeTaskQueue: string,
): PlannedGroup[] {
  const together = new Map<string, ReadyNode[]>()
  const groups: PlannedGroup[] = []
  for (const one of ready) {
    if (one.derivation && one.node.attempts > 0) {
      groups.push(plan([one], [], cascadeTaskQueue))
      continue
    }
    const kind = one.derivation ? `${one.derivation.provider.id}@${one.derivation.provider.version}` : ''
    const list = together.get(kind)
    if (list) list.push(one)
    else together.set(kind, [one])
  }
  for (const nodes of together.values()) {
    const size = nodes[0]?.derivation?.provider.batch_size ?? deletionsPerGroup
    for (let start = 0; start < nodes.length;) {
      const { members, inner } = fill(nodes.slice(start, start + size), below, size)
      groups.push(plan(members, inner, cascadeTaskQueue))
      start += members.length
    }
  }
  return groups
}

/** The first of these nodes that make a group of `size` with what comes with them. */
function fill(
  nodes: readonly ReadyNode[],
  below: readonly WaitingNode[],
  size: number,
): { members: ReadyNode[]; inner: WaitingNode[] } {
  const graph = createClosedSubGraph(below)
  const members: ReadyNode[] = []
  const inner: WaitingNode[] = []
  for (const one of nodes) {
    const room = size - members.length - inner.length
    if (room === 0) break
    members.push(one)
    if (takesAlong(one.node, one.derivation?.provider)) inner.push(...graph.add(one.node.blob_id, room - 1))
  }
  return { members, inner }
}

function plan(nodes: readonly ReadyNode[], inner: readonly WaitingNode[], cascadeTaskQueue: string): PlannedGroup {
  const [first] = nodes
  if (!first) throw new Error('a group has at least one node')
  const claimId = newId()
  const provider = first.derivation?.provider
  const common = {
    claim_id: claimId,
    root_ids: [...new Set([...nodes.map(({ node }) => node.root_id), ...inner.map(({ root_id }) => root_id)])].slice(
      0,
      namedRoots,
    ),
    size: nodes.length + inner.length,
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
        workflow_id: workflowIdOf(provider.id, nodes, common.size, claimId),
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
  const lease = (blob_id: string, key: string | null): Lease => ({
    blob_id,
    claim_id: claimId,
    key,
    provider_version: provider?.version ?? null,
  })
  return {
    group,
    leases: [
      ...nodes.map(({ node, derivation }) => lease(node.blob_id, derivation?.key ?? null)),
      ...inner.map(({ blob_id }) => lease(blob_id, null)),
    ],
  }
}

/** Readable in Temporal's UI, and never the same for two claims: `text-expander/<blob>/<epoch>/<claim>` or `text-expander/batch-of-40/<claim>`. */
function workflowIdOf(providerId: string, nodes: readonly ReadyNode[], size: number, claimId: string): string {
  const [only] = nodes
  const tail = claimId.slice(-8)
  return size === 1 && only
    ? `${providerId}/${only.node.blob_id}/${only.node.epoch}/${tail}`
    : `${providerId}/batch-of-${size}/${tail}`
}
