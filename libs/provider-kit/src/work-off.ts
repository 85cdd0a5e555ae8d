import { noUsage, type ClaimGroup, type ClaimInput, type ClaimItem, type RecordedOutput } from '@studio/contracts'
import { failpoint, isStudioError, sha256, type StudioError } from '@studio/kernel'
import { setImmediate as yieldToTimers } from 'node:timers/promises'
import type { Claim } from './claim.ts'
import { createClaimResults } from './claim-results.ts'
import type { ProviderDependencies } from './dependencies.ts'
import { withKey } from './keys.ts'
import { createLedger, type Attempt, type ClaimSummary, type Took } from './ledger.ts'
import { patiently } from './patiently.ts'
import { produce, type Product } from './produce.ts'
import type { Provider } from './provider.ts'
import { wavesOf, type RunItem } from './run-item.ts'
import type { Sharing } from './sharing.ts'

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
  how: Attempt,
): Promise<ClaimSummary> {
  const { contents, dag, maxOutputBytes, sharing } = dependencies
  failpoint('worker.claimed')
  const results = createClaimResults()
  const ledger = createLedger(dependencies, claim, results, how)
  const keys = sharing.open()
  let bytes = 0

  const flush = async (isLast: boolean): Promise<void> => {
    await ledger.flush(isLast)
    keys.release()
    bytes = 0
  }

  const recall = async (items: readonly RunItem[]): Promise<ReadonlyMap<string, RecordedOutput | null>> => {
    const [first] = items
    if (first === undefined) return new Map()
    const looked = [...new Set(items.map(({ key }) => key))]
    const request = { tenant_id: first.tenant_id, keys: looked }
    const answer = await patiently(claim.signal, () => dag.call('recall', request, { signal: claim.signal }))
    return new Map(looked.map((key, at) => [key, answer.items[at] ?? null]))
  }

  const read = async (
    inputs: readonly Pick<ClaimInput, 'content_hash'>[],
  ): Promise<ReadonlyMap<string, Uint8Array>> => {
    const [first] = claim.items
    const missing = inputs.map(({ content_hash }) => content_hash).filter((hash) => !results.held.has(hash))
    if (first === undefined || missing.length === 0) return new Map(results.held)
    const found = await patiently(claim.signal, () => contents.read(first.tenant_id, missing, claim.signal))
    return new Map([...found, ...results.held])
  }

  /** Of these nodes' inputs what there is: where one has been purged meanwhile, who reads that one fails when it is its turn, and no other. */
  const readAhead = async (
    items: readonly { inputs: readonly Pick<ClaimInput, 'content_hash'>[] }[],
  ): Promise<ReadonlyMap<string, Uint8Array>> => {
    try {
      return await read(items.flatMap(({ inputs }) => inputs))
    } catch (error) {
      if (!isGone(error)) throw error
    }
    const found = new Map<string, Uint8Array>()
    for (const { inputs } of items) {
      try {
        for (const [hash, content] of await read(inputs)) found.set(hash, content)
      } catch (error) {
        if (!isGone(error)) throw error
      }
    }
    return found
  }

  /** The head, where the output differs from it by nothing that has a meaning. */
  const sameAsHead = async (item: RunItem, { bytes: made, content_type }: Product): Promise<RecordedOutput | null> => {
    const { head_hash: content_hash, head_content_type } = item
    if (provider.normalise === undefined || how.attempt > 1 || content_hash === null) return null
    if (content_type !== head_content_type) return null
    const head = (await readAhead([{ inputs: [{ content_hash }] }])).get(content_hash)
    const normalHash = (content: Uint8Array) =>
      provider.normalise && sha256(provider.normalise({ bytes: content, content_type }))
    return head !== undefined && normalHash(head) === normalHash(made) ? { content_hash, content_type } : null
  }

  const take = (item: RunItem, memo: RecordedOutput): void => {
    const made = { content_hash: memo.content_hash, content_type: memo.content_type }
    const write = { content: { hash: made.content_hash }, traceparent: item.traceparent }
    const isUnchanged = isHead(item, made, how)
    ledger.decide({ item, outcome: 'memo', made, size: null, took: nothing }, isUnchanged ? null : write)
  }

  const run = async (item: RunItem, there: ReadonlyMap<string, Uint8Array>): Promise<void> => {
    const isThere = item.inputs.every(({ content_hash }) => there.has(content_hash))
    const inputs = isThere ? there : await read(item.inputs)
    const { product, isOwn } = await keys.compute(sharedKey(item), claim.signal, () =>
      produce(provider, item, inputs, { timeoutMs: group.timeout_ms, maxOutputBytes, signal: claim.signal }),
    )
    const output = { content_hash: sha256(product.bytes), content_type: product.content_type }
    contents.keep(item.tenant_id, output.content_hash, product.bytes)
    const made = (await sameAsHead(item, product)) ?? output
    const size = made === output ? product.bytes.byteLength : null
    const took = isOwn ? { duration_ms: product.duration_ms, usage: product.usage } : nothing
    if (isHead(item, made, how)) {
      ledger.decide({ item, outcome: isOwn ? 'cutoff' : 'memo', made, size, took }, null)
      return
    }
    const content = { base64: Buffer.from(product.bytes).toString('base64') }
    bytes += content.base64.length
    results.hold(made.content_hash, product.bytes)
    const { traceparent } = product
    ledger.decide({ item, outcome: isOwn ? 'version' : 'memo', made, size, took }, { content, traceparent })
  }

  const workWave = async (wave: readonly ClaimItem[]): Promise<void> => {
    const resolved = wave.flatMap((item) => {
      const inputs = results.resolve(item)
      if (inputs === null) ledger.giveBack(item)
      return inputs === null ? [] : [{ item, inputs }]
    })
    const projected = provider.project ? await readAhead(resolved) : new Map()
    const items = resolved.map(({ item, inputs }) => withKey(provider, item, inputs, projected))
    keys.hold(items.map(sharedKey))
    const claimedKeys = new Map(wave.map(({ node_id, key }) => [node_id, key]))
    // dag has looked at the keys that it knew.
    const isNew = ({ node_id, key }: RunItem): boolean => key !== claimedKeys.get(node_id)
    const headOf = (item: RunItem): RecordedOutput | null =>
      isNew(item) && how.attempt === 1 && item.key === item.last_key && item.head_hash && item.head_content_type
        ? { content_hash: item.head_hash, content_type: item.head_content_type }
        : null
    const recorded = await recall(items.filter((item) => isNew(item) && headOf(item) === null))
    const memoOf = (item: RunItem): RecordedOutput | null =>
      isNew(item) ? (recorded.get(item.key) ?? null) : item.memo
    const running = items.filter((item) => headOf(item) === null && memoOf(item) === null)
    const inputs = await readAhead(running)
    for (const item of items) {
      claim.signal.throwIfAborted()
      const [head, memo] = [headOf(item), memoOf(item)]
      if (!claim.holds(item)) ledger.lose(item)
      else if (results.inputsRead(item) === null) ledger.giveBack(item)
      else if (head !== null) ledger.decide({ item, outcome: 'fresh', made: head, size: null, took: nothing }, null)
      else if (memo !== null) take(item, memo)
      else {
        try {
          await run(item, inputs)
        } catch (error) {
          claim.signal.throwIfAborted()
          ledger.fail(item, error as StudioError)
        }
        // Transforms that never wait would keep heartbeats from going out.
        await yieldToTimers()
      }
      keys.done(sharedKey(item))
      if (bytes > pendingBytes) await flush(false)
    }
  }

  try {
    for (const wave of wavesOf(claim.items)) await workWave(wave)
    await flush(true)
  } catch (error) {
    if (!claim.isLost()) throw error
    const counted = Object.values(ledger.summary).reduce((sum, nodes) => sum + nodes, 0)
    ledger.summary.lost = (ledger.summary.lost ?? 0) + claim.items.length - counted
  } finally {
    keys.close()
  }
  return ledger.summary
}

const sharedKey = ({ tenant_id, key }: RunItem): string => `${tenant_id}/${key}`

const isGone = (error: unknown): boolean =>
  isStudioError(error, 'content_not_found') || isStudioError(error, 'content_purged')

// Early cutoff: the output is what the provider made last; where no user's edit stands, what the head holds already.
// Not on a later attempt: an earlier one may have written what dag does not know of, so that its head is not blob's. A write finds out.
function isHead(item: RunItem, made: RecordedOutput, { attempt }: Attempt): boolean {
  return attempt === 1 && made.content_hash === item.head_hash && made.content_type === item.head_content_type
}
