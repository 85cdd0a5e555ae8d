import type { SettleItem } from '@studio/contracts'
import { runId } from '@studio/kernel'
import type { NodeRow, NodeSettlement } from './ports.ts'
import { readingsOf } from './readings.ts'

/** The end of a claimed node's run, as its row takes it over. */
export function settlementOf(node: NodeRow, item: SettleItem): NodeSettlement {
  const state = item.outcome === 'failed' ? 'failed' : item.outcome === 'deleted' ? 'deleted' : 'settled'
  const { content_hash, content_type, size } = item.head ?? item
  return {
    blob_id: node.blob_id,
    state,
    version: item.version,
    content_hash,
    content_type,
    size,
    made: state !== 'failed',
    ...(state === 'settled' ? outputOf(node, item) : { ...noOutput, overlay: node.overlay }),
    head_output: item.head ? item.content_hash : null,
    last_key: state === 'settled' ? item.key : null,
    readings: readingsOf(item.inputs),
    run_id: runId(node.blob_id, node.epoch),
    error: item.error,
  }
}

const noOutput = { output_hash: null, output_type: null }

/** What the provider made, beside what the blob holds then. A user may have made a newer version meanwhile; then that is what stands there. */
function outputOf(
  node: NodeRow,
  { version, head, content_hash, content_type }: SettleItem,
): Pick<NodeRow, 'output_hash' | 'output_type' | 'overlay'> {
  const isNewer = version !== null && version > node.version
  const isOlder = version !== null && version < node.version
  const held = isNewer ? (head ?? { content_hash, content_type }) : node
  const overlay = isOlder ? node.overlay : head ? head.overlay : isNewer ? null : node.overlay
  return held.content_hash === content_hash && held.content_type === content_type
    ? { ...noOutput, overlay }
    : { output_hash: content_hash, output_type: content_type, overlay }
}
