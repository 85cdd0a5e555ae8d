import type { Basis, ClaimInput, ClaimItem, RecordedOutput } from '@studio/contracts'
import { deltaOf } from './commit.ts'
import { isInner, type RunItem } from './run-item.ts'

/** What a node of a claim has come to; `delta_id` null: it is its head, or was written. */
interface Result extends RecordedOutput {
  version: number
  delta_id: string | null
}

/** What the nodes of a claim come to, for those that read it under the same claim. */
export interface ClaimResults {
  /** The inputs of a node; null where one of them has not come about. */
  resolve(item: ClaimItem): ClaimInput[] | null
  /** The inputs at the versions that they came to; null where one was not written, or came to something else than what was read. */
  inputsRead(item: RunItem): ClaimInput[] | null
  /** What is to be written before or with this node's output. */
  bases(item: RunItem): Basis[]
  /** What a node comes to; `isWrite`: as the next version of its blob. */
  add(item: RunItem, made: RecordedOutput, isWrite: boolean): void
  /** What was written in truth. */
  applied(item: RunItem, version: { version: number; content_hash: string }): void
  forget(nodeId: string): void
  /** Contents that nobody else has yet, by hash. */
  readonly held: ReadonlyMap<string, Uint8Array>
  hold(hash: string, bytes: Uint8Array): void
  /** All writes so far have gone in, or never will. */
  written(): void
}

export function createClaimResults(): ClaimResults {
  const results = new Map<string, Result>()
  const readers = new Map<string, Set<string>>()
  const held = new Map<string, Uint8Array>()

  return {
    held,
    resolve(item) {
      const inputs: ClaimInput[] = []
      for (const input of item.inputs) {
        if (!isInner(input)) {
          inputs.push(input)
          continue
        }
        const result = results.get(input.blob_id)
        if (result === undefined) return null
        const { version, content_hash, content_type } = result
        inputs.push({ name: input.name, blob_id: input.blob_id, version, content_hash, content_type })
        readers.set(item.node_id, (readers.get(item.node_id) ?? new Set()).add(input.blob_id))
      }
      return inputs
    },
    inputsRead(item) {
      const inner = readers.get(item.node_id)
      if (inner === undefined) return item.inputs
      const inputs: ClaimInput[] = []
      for (const input of item.inputs) {
        const result = inner.has(input.blob_id) ? results.get(input.blob_id) : input
        if (result?.content_hash !== input.content_hash) return null
        inputs.push({ ...input, version: result.version })
      }
      return inputs
    },
    bases(item) {
      const inner = readers.get(item.node_id) ?? new Set()
      return [...inner].flatMap((id) => {
        const { delta_id, content_hash } = results.get(id) ?? { delta_id: null, content_hash: '' }
        return delta_id === null ? [] : [{ delta_id, content_hash }]
      })
    },
    add(item, made, isWrite) {
      const version = item.head_version + (isWrite ? 1 : 0)
      results.set(item.node_id, { ...made, version, delta_id: isWrite ? deltaOf(item) : null })
    },
    applied(item, { version, content_hash }) {
      const result = results.get(item.node_id)
      if (result) results.set(item.node_id, { ...result, version, content_hash })
    },
    forget(nodeId) {
      results.delete(nodeId)
    },
    hold(hash, bytes) {
      held.set(hash, bytes)
    },
    written() {
      held.clear()
      for (const result of results.values()) result.delta_id = null
    },
  }
}
