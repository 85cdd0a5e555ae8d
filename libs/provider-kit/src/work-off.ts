import {
  noUsage,
  type ClaimGroup,
  type ClaimInput,
  type ClaimItem,
  type RecordedOutput,
  type SettleItem,
} from '@studio/contracts'
import { failpoint, fromProblem, sha256, toProblem, type StudioError } from '@studio/kernel'
import { setImmediate as yieldToTimers } from 'node:timers/promises'
import type { Claim } from './claim.ts'
import { createClaimResults } from './claim-results.ts'
import { commitWrites, type Write, type Written } from './commit.ts'
import type { ProviderDependencies } from './dependencies.ts'
import { patiently } from './patiently.ts'
import { withKey } from './keys.ts'
import { produce, type Product } from './produce.ts'
import type { Provider } from './provider.ts'
import { wavesOf, type RunItem } from './run-item.ts'
import { headUnderOverlay, settlement } from './settlement.ts'
import type { Sharing } from './sharing.ts'
import { itemFailed } from './telemetry.ts'

/** How many nodes of a claim came to which outcome; `lost` ones belong to somebody else by now. */
export type ClaimSummary = Partial<Record<SettleItem['outcome'] | 'lost', number>>

/** `givesBack`: a node that fails goes back, to be tried alone; else it fails the attempt. */
export interface Attempt {
  readonly attempt: number
  readonly givesBack: boolean
}

type Took = Pick<SettleItem, 'duration_ms' | 'usage'>

/** What is to become of a node: `write` null leaves its head as it is. */
interface Decision {
  readonly item: RunItem
  readonly outcome: 'version' | 'cutoff' | 'memo' | 'fresh'
  /** What the provider makes of it; blob may hold something else, where a user's edit stands. */
  readonly made: RecordedOutput
  /** Bytes of that, where they are known. */
  readonly size: number | null
  readonly took: Took
  readonly write: Write | null
}

const nothing: Took = { duration_ms: 0, usage: noUsage }

// Outputs wait for one common commit, up to this many bytes.
const pendingBytes = 8 * 2 ** 20

/**
 * Brings all nodes of a claim up to date: memo, transform, commit, settle. Those that read what others of the claim make come after these, in the same commit;
 * where what they read does not come about as they read it, they go back.
 */
export async function workOff(
  provider: Provider,
  dependencies: ProviderDependencies & { sharing: Sharing },
  group: ClaimGroup,
  claim: Claim,
  { attempt, givesBack }: Attempt,
): Promise<ClaimSummary> {
  const { contents, dag, delta, log, maxOutputBytes, sharing } = dependencies
  failpoint('worker.claimed')
  const summary: ClaimSummary = {}
  const results = createClaimResults()
  const computed = new Set<string>()
  let settled: SettleItem[] = []
  let decided: Decision[] = []
  let bytes = 0

  const count = (outcome: keyof ClaimSummary, nodes = 1): void => {
    summary[outcome] = (summary[outcome] ?? 0) + nodes
  }
  const fail = (item: ClaimItem | RunItem, error: StudioError): void => {
    itemFailed(log, item, error.code, attempt)
    if (!givesBack) throw error
    // Also what will never succeed: alone it fails under a workflow id of its own, where it is seen.
    settled.push(settlement({ node_id: item.node_id, epoch: item.epoch }, 'returned', 1, { error: toProblem(error) }))
  }
  const giveBack = (item: ClaimItem | RunItem): void => {
    settled.push(settlement({ node_id: item.node_id, epoch: item.epoch }, 'returned', 0))
  }

  const conclude = ({ item, outcome, made, size, took, write }: Decision, written: Written | undefined): void => {
    const inputs = results.inputsRead(item)
    if (inputs === null || written?.status === 'baseless') giveBack(item)
    else if (write === null || written === undefined) {
      settled.push(
        settlement({ ...item, inputs }, outcome, attempt, {
          version: item.head_version || null,
          size,
          ...took,
          ...made,
        }),
      )
      return
    } else if (written.status === 'applied' || written.status === 'kept') {
      const { version, content_hash } = written
      results.applied(item, { version, content_hash })
      const output = { ...made, size: size ?? written.size }
      const head = headUnderOverlay(written, output)
      // A user's edit leaves the blob as it is: no version, like any other cutoff.
      const came = written.status === 'kept' && outcome === 'version' ? 'cutoff' : outcome
      settled.push(
        settlement({ ...item, inputs }, came, attempt, { version, ...output, ...(head && { head }), ...took }),
      )
      return
    } else if (written.status === 'lost') count('lost')
    else if (outcome === 'memo' && written.problem.code === 'content_not_found')
      // What was recorded is gone: dag forgets it when it hears that, and the next claim of the node runs the provider.
      settled.push(settlement({ ...item, inputs }, 'returned', 1, { error: written.problem }))
    else fail(item, fromProblem(written.problem))
    results.forget(item.node_id)
  }

  const flush = async (): Promise<void> => {
    const writes = decided.flatMap(({ write }) => write ?? [])
    let written = new Map<Write, Written>()
    if (writes.length > 0) {
      failpoint('worker.computed')
      written = await commitWrites(delta, claim, writes)
      failpoint('worker.committed')
    }
    for (const decision of decided) conclude(decision, decision.write ? written.get(decision.write) : undefined)
    if (settled.length > 0) {
      const gone = new Set(await claim.settle(settled))
      for (const { node_id, outcome } of settled) {
        count(gone.has(node_id) ? 'lost' : outcome)
        if (gone.has(node_id)) results.forget(node_id)
      }
    }
    results.written()
    sharing.release(computed)
    computed.clear()
    decided = []
    settled = []
    bytes = 0
  }

  const decide = (decision: Omit<Decision, 'write'>, write: Pick<Write, 'content' | 'traceparent'> | null): void => {
    const { item, made } = decision
    const { content_type } = made
    decided.push({ ...decision, write: write && { item, content_type, rests_on: results.bases(item), ...write } })
    results.add(item, made, write !== null)
  }

  const work = async (item: RunItem, memo: RecordedOutput | null, inputs: Awaited<ReturnType<typeof read>>) => {
    if (memo !== null) {
      const made = { content_hash: memo.content_hash, content_type: memo.content_type }
      const write = { content: { hash: made.content_hash }, traceparent: item.traceparent }
      decide({ item, outcome: 'memo', made, size: null, took: nothing }, isHead(item, made, attempt) ? null : write)
      return
    }
    const shared = `${item.tenant_id}/${item.key}`
    const { product, isOwn } = await sharing.compute(shared, () =>
      produce(provider, item, inputs, { timeoutMs: group.timeout_ms, maxOutputBytes, signal: claim.signal }),
    )
    if (isOwn) computed.add(shared)
    const output = { content_hash: sha256(product.bytes), content_type: product.content_type }
    const made = (await sameAsHead(item, product)) ?? output
    contents.keep(item.tenant_id, output.content_hash, product.bytes)
    const took = isOwn ? { duration_ms: product.duration_ms, usage: product.usage } : nothing
    const isUnchanged = isHead(item, made, attempt)
    const write = {
      content: { base64: Buffer.from(product.bytes).toString('base64') },
      traceparent: product.traceparent,
    }
    if (!isUnchanged) {
      bytes += write.content.base64.length
      results.hold(made.content_hash, product.bytes)
    }
    const outcome = isOwn ? (isUnchanged ? 'cutoff' : 'version') : 'memo'
    const size = made === output ? product.bytes.byteLength : null
    decide({ item, outcome, made, size, took }, isUnchanged ? null : write)
  }

  /** The head, where the output differs from it by nothing that has a meaning. */
  const sameAsHead = async (item: RunItem, { bytes, content_type }: Product): Promise<RecordedOutput | null> => {
    const { head_hash: content_hash, head_content_type } = item
    if (provider.normalise === undefined || attempt > 1 || content_hash === null) return null
    if (content_type !== head_content_type) return null
    const head = await patiently(claim.signal, () => contents.read(item.tenant_id, [content_hash], claim.signal))
    const [one, other] = [bytes, head.get(content_hash)].map(
      (content) => content && provider.normalise?.({ bytes: content, content_type }),
    )
    return one !== undefined && other !== undefined && sha256(one) === sha256(other)
      ? { content_hash, content_type }
      : null
  }

  const recall = async (items: readonly RunItem[]): Promise<ReadonlyMap<string, RecordedOutput | null>> => {
    const keys = [...new Set(items.map(({ key }) => key))]
    const [first] = items
    if (first === undefined) return new Map()
    const request = { tenant_id: first.tenant_id, keys }
    const answer = await patiently(claim.signal, () => dag.call('recall', request, { signal: claim.signal }))
    return new Map(keys.map((key, at) => [key, answer.items[at] ?? null]))
  }

  const read = async (inputs: readonly ClaimInput[]): Promise<ReadonlyMap<string, Uint8Array>> => {
    const [first] = claim.items
    if (first === undefined || inputs.length === 0) return new Map()
    const hashes = inputs.map((input) => input.content_hash)
    const missing = hashes.filter((hash) => !results.held.has(hash))
    const found = await patiently(claim.signal, () => contents.read(first.tenant_id, missing, claim.signal))
    return new Map([...found, ...results.held])
  }

  const workWave = async (wave: readonly ClaimItem[]): Promise<void> => {
    const resolved = wave.flatMap((item) => {
      const inputs = results.resolve(item)
      if (inputs === null) giveBack(item)
      return inputs === null ? [] : [{ item, inputs }]
    })
    const projected = provider.project ? await read(resolved.flatMap((one) => one.inputs)) : new Map()
    const items = resolved.map(({ item, inputs }) => withKey(provider, item, inputs, projected))
    const claimedKeys = new Map(wave.map(({ node_id, key }) => [node_id, key]))
    // dag has looked at the keys that it knew.
    const isNew = ({ node_id, key }: RunItem): boolean => key !== claimedKeys.get(node_id)
    const fresh = (item: RunItem): boolean =>
      isNew(item) && attempt === 1 && item.head_hash !== null && item.key === item.last_key
    const recorded = await recall(items.filter((item) => isNew(item) && !fresh(item)))
    const memoOf = (item: RunItem): RecordedOutput | null =>
      isNew(item) ? (recorded.get(item.key) ?? null) : item.memo
    const inputs = await read(
      items.filter((item) => !fresh(item) && memoOf(item) === null).flatMap((item) => item.inputs),
    )
    for (const item of items) {
      claim.signal.throwIfAborted()
      if (!claim.holds(item)) {
        count('lost')
        results.forget(item.node_id)
        continue
      }
      if (results.inputsRead(item) === null) {
        giveBack(item)
        continue
      }
      const { head_hash: content_hash, head_content_type: content_type } = item
      if (fresh(item) && content_hash !== null && content_type !== null) {
        decide({ item, outcome: 'fresh', made: { content_hash, content_type }, size: null, took: nothing }, null)
        continue
      }
      try {
        await work(item, memoOf(item), inputs)
      } catch (error) {
        claim.signal.throwIfAborted()
        fail(item, error as StudioError)
      }
      if (bytes > pendingBytes) await flush()
      // Transforms that never wait would keep heartbeats from going out.
      await yieldToTimers()
    }
  }

  try {
    for (const wave of wavesOf(claim.items)) await workWave(wave)
    await flush()
  } catch (error) {
    if (!claim.isLost()) throw error
    const counted = Object.values(summary).reduce((sum, nodes) => sum + nodes, 0)
    count('lost', claim.items.length - counted)
  } finally {
    sharing.release(computed)
  }
  return summary
}

// Early cutoff: the output is what the provider made last; where no user's edit stands, what the head holds already.
// Not on a later attempt: an earlier one may have written what dag does not know of, so that its head is not blob's. A write finds out.
function isHead(item: RunItem, made: RecordedOutput, attempt: number): boolean {
  return attempt === 1 && made.content_hash === item.head_hash && made.content_type === item.head_content_type
}
