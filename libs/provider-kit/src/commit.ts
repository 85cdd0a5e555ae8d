import type { Basis, Content, SubmitTransform, TransformOutcome } from '@studio/contracts'
import { fromProblem, StudioError, transformDeltaId } from '@studio/kernel'
import type { Claim } from './claim.ts'
import type { ProviderDependencies } from './dependencies.ts'
import { isAway, patiently } from './patiently.ts'
import type { RunItem } from './run-item.ts'

/** A version to write for a claimed node; `content` null makes it a tombstone. */
export interface Write {
  item: RunItem
  /** Writes of the same claim of which this one was derived, and which go in before or with it. */
  rests_on: Basis[]
  content: Content | null
  content_type: string
  traceparent: string | null
}

export type Written = Exclude<TransformOutcome, { status: 'conflict' }> | { status: 'lost' }

const rounds = 4

/**
 * Writes versions through delta-engine, in one request. Where the head has moved on (a user's overlay, a late attempt) and the node is still
 * leased to this claim, it is written on the new head, or merged with the edit that stands there: the epoch fences it, and what rests on it waits for that. `lost`: somebody
 * else has the node now.
 */
export async function commitWrites(
  delta: ProviderDependencies['delta'],
  claim: Claim,
  writes: readonly Write[],
): Promise<Map<Write, Written>> {
  const written = new Map<Write, Written>()
  const heads = new Map<Write, Head>(
    writes.map((write) => [write, { version: write.item.head_version, generated: null }]),
  )
  for (let round = 0; heads.size > 0 && round < rounds; round++) {
    if (round > 0) await claim.renew()
    for (const write of heads.keys()) {
      if (claim.holds(write.item)) continue
      heads.delete(write)
      written.set(write, { status: 'lost' })
    }
    const open = [...heads.entries()]
    if (open.length === 0) break
    const transforms = open.map(([write, head]) => toTransform(write, head))
    const items = await patiently(claim.signal, () => submit(delta, transforms, claim.signal))
    const isMoving = items.some(({ status }) => status === 'conflict')
    for (const [index, [write]] of open.entries()) {
      const outcome = items[index]
      if (outcome === undefined)
        throw new StudioError('internal_error', 'delta-engine answered fewer outcomes than transforms')
      if (outcome.status === 'conflict')
        heads.set(write, { version: outcome.head_version, generated: outcome.generated_hash ?? null })
      else if (outcome.status !== 'baseless' || !isMoving) {
        heads.delete(write)
        written.set(write, outcome)
      }
    }
  }
  // Somebody writes faster than this does: left alone, the node is claimed anew when the lease is over.
  for (const write of heads.keys()) written.set(write, { status: 'lost' })
  return written
}

/** What a write follows: the version, and where a user's edit stands the output that it knows of. */
interface Head {
  readonly version: number
  readonly generated: string | null
}

/** Throws where a part of the studio was away for one of them, so that all are sent again: those that went in are answered as before. */
async function submit(
  delta: ProviderDependencies['delta'],
  transforms: SubmitTransform[],
  signal: AbortSignal,
): Promise<TransformOutcome[]> {
  const { items } = await delta.call('submitTransforms', { items: transforms }, { signal })
  for (const outcome of items) {
    if (outcome.status !== 'failed') continue
    const error = fromProblem(outcome.problem)
    if (isAway(error)) throw error
  }
  return items
}

/** The delta of a claimed node's write: the same for each attempt. */
export function deltaOf({ node_id, epoch, key }: RunItem): string {
  return transformDeltaId(node_id, epoch, key)
}

function toTransform({ item, rests_on, content, content_type, traceparent }: Write, head: Head): SubmitTransform {
  return {
    delta_id: deltaOf(item),
    tenant_id: item.tenant_id,
    user_id: item.user_id,
    blob_id: item.node_id,
    from_version: head.version,
    ...(head.generated !== null && { from_generated: head.generated }),
    fence: item.epoch,
    rests_on,
    provider_id: item.provider_id,
    content,
    content_type,
    gated_since: item.gated_since,
    caused_by: item.caused_by,
    parent_id: item.parent_id,
    root_id: item.root_id,
    depth: item.depth,
    traceparent,
  }
}
