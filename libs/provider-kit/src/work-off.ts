import { noUsage, type ClaimGroup, type ClaimItem, type SettleItem } from '@studio/contracts'
import { failpoint, fromProblem, sha256, toProblem, type StudioError } from '@studio/kernel'
import { setImmediate as yieldToTimers } from 'node:timers/promises'
import type { Claim } from './claim.ts'
import { commitWrites, type Write } from './commit.ts'
import type { ProviderDependencies } from './dependencies.ts'
import { patiently } from './patiently.ts'
import { produce } from './produce.ts'
import type { Provider } from './provider.ts'
import { headUnderOverlay, settlement } from './settlement.ts'
import { itemFailed } from './telemetry.ts'

/** How many nodes of a claim came to which outcome; `lost` ones belong to somebody else by now. */
export type ClaimSummary = Partial<Record<SettleItem['outcome'] | 'lost', number>>

/** `givesBack`: a node that fails goes back, to be tried alone; else it fails the attempt. */
export interface Attempt {
  readonly attempt: number
  readonly givesBack: boolean
}

/** A write whose node is settled by what becomes of it. */
interface Pending extends Write {
  outcome: 'version' | 'memo'
  /** Of what was made; blob may hold something else, where a user's edit stands. */
  content_hash: string
  size: number | null
  took: Took
}

type Took = Pick<SettleItem, 'duration_ms' | 'usage'>

const nothing: Took = { duration_ms: 0, usage: noUsage }

// Outputs wait for one common commit, up to this many bytes.
const pendingBytes = 8 * 2 ** 20

/** Brings all nodes of a claim up to date: memo, transform, commit, settle. Nodes of a claim do not feed each other. */
export async function workOff(
  provider: Provider,
  dependencies: ProviderDependencies,
  group: ClaimGroup,
  claim: Claim,
  { attempt, givesBack }: Attempt,
): Promise<ClaimSummary> {
  const { contents, delta, log, maxOutputBytes } = dependencies
  failpoint('worker.claimed')
  const summary: ClaimSummary = {}
  const settled: SettleItem[] = []
  let pending: Pending[] = []
  let bytes = 0

  const fail = (item: ClaimItem, error: StudioError): void => {
    itemFailed(log, item, error.code, attempt)
    if (!givesBack) throw error
    // Also what will never succeed: alone it fails under a workflow id of its own, where it is seen.
    settled.push(settlement(item, 'returned', 1, { error: toProblem(error) }))
  }

  const flush = async (): Promise<void> => {
    if (pending.length > 0) {
      failpoint('worker.computed')
      const written = await commitWrites(delta, claim, pending)
      for (const [write, outcome] of written) {
        const { item, took, content_hash, content_type, size, outcome: wanted } = write as Pending
        if (outcome.status === 'lost') summary.lost = (summary.lost ?? 0) + 1
        else if (outcome.status === 'failed' && wanted === 'memo' && outcome.problem.code === 'content_not_found')
          // What was recorded is gone: dag forgets it when it hears that, and the next claim of the node runs the provider.
          settled.push(settlement(item, 'returned', 1, { error: outcome.problem }))
        else if (outcome.status === 'failed') fail(item, fromProblem(outcome.problem))
        else {
          const { version, status } = outcome
          const made = { content_hash, content_type, size: size ?? outcome.size }
          const head = headUnderOverlay(outcome, made)
          // A user's edit leaves the blob as it is: no version, like any other cutoff.
          const came = status === 'kept' && wanted === 'version' ? 'cutoff' : wanted
          settled.push(settlement(item, came, attempt, { version, ...made, ...(head && { head }), ...took }))
        }
      }
      failpoint('worker.committed')
    }
    if (settled.length > 0) {
      const gone = new Set(await claim.settle(settled))
      for (const { node_id, outcome } of settled) {
        const counted = gone.has(node_id) ? 'lost' : outcome
        summary[counted] = (summary[counted] ?? 0) + 1
      }
    }
    pending = []
    settled.length = 0
    bytes = 0
  }

  const work = async (): Promise<void> => {
    const inputs = await readInputs(dependencies, claim)
    for (const item of claim.items) {
      claim.signal.throwIfAborted()
      if (!claim.holds(item)) {
        summary.lost = (summary.lost ?? 0) + 1
        continue
      }
      if (item.memo !== null) {
        const { content_hash, content_type } = item.memo
        if (isHead(item, item.memo, attempt)) settled.push(unchanged(item, 'memo', attempt, item.memo, nothing))
        else
          pending.push({
            item,
            content: { hash: content_hash },
            content_type,
            content_hash,
            size: null,
            outcome: 'memo',
            took: nothing,
            traceparent: item.traceparent,
          })
        continue
      }
      try {
        const product = await produce(provider, item, inputs, {
          timeoutMs: group.timeout_ms,
          maxOutputBytes,
          signal: claim.signal,
        })
        const { content_type, duration_ms, usage, traceparent } = product
        const took = { duration_ms, usage }
        const content_hash = sha256(product.bytes)
        contents.keep(item.tenant_id, content_hash, product.bytes)
        if (isHead(item, { content_hash, content_type }, attempt))
          settled.push(
            unchanged(item, 'cutoff', attempt, { content_hash, content_type, size: product.bytes.byteLength }, took),
          )
        else {
          const content = { base64: Buffer.from(product.bytes).toString('base64') }
          pending.push({
            item,
            content,
            content_hash,
            content_type,
            size: product.bytes.byteLength,
            outcome: 'version',
            took,
            traceparent,
          })
          bytes += content.base64.length
        }
      } catch (error) {
        claim.signal.throwIfAborted()
        fail(item, error as StudioError)
      }
      if (bytes > pendingBytes) await flush()
      // Transforms that never wait would keep heartbeats from going out.
      await yieldToTimers()
    }
    await flush()
  }

  try {
    await work()
  } catch (error) {
    if (!claim.isLost()) throw error
    const counted = Object.values(summary).reduce((sum, count) => sum + count, 0)
    summary.lost = (summary.lost ?? 0) + claim.items.length - counted
  }
  return summary
}

async function readInputs({ contents }: ProviderDependencies, claim: Claim): Promise<ReadonlyMap<string, Uint8Array>> {
  const wanted = Map.groupBy(
    claim.items.filter((item) => item.memo === null),
    (item) => item.tenant_id,
  )
  const read = await Promise.all(
    [...wanted].map(([tenantId, items]) => {
      const hashes = items.flatMap((item) => item.inputs.map((input) => input.content_hash))
      return patiently(claim.signal, () => contents.read(tenantId, hashes, claim.signal))
    }),
  )
  return new Map(read.flatMap((contentsOfTenant) => [...contentsOfTenant]))
}

// Early cutoff: the output is what the provider made last; where no user's edit stands, what the head holds already.
// Not on a later attempt: an earlier one may have written what dag does not know of, so that its head is not blob's. A write finds out.
function isHead(item: ClaimItem, made: { content_hash: string; content_type: string }, attempt: number): boolean {
  return attempt === 1 && made.content_hash === item.head_hash && made.content_type === item.head_content_type
}

function unchanged(
  item: ClaimItem,
  outcome: 'cutoff' | 'memo',
  attempt: number,
  made: Pick<SettleItem, 'content_hash' | 'content_type'> & { size?: number },
  took: Took,
): SettleItem {
  return settlement(item, outcome, attempt, { version: item.head_version || null, ...took, ...made })
}
