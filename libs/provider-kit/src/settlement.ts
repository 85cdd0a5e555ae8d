import { noUsage, type HeadUnderOverlay, type SettleItem, type TransformOutcome } from '@studio/contracts'
import type { RunItem } from './run-item.ts'

type Made = Partial<
  Pick<SettleItem, 'version' | 'content_hash' | 'content_type' | 'size' | 'head' | 'duration_ms' | 'usage' | 'error'>
>

/** The outcome of one claimed node, as dag wants to hear it. */
export function settlement(
  item: Pick<RunItem, 'node_id' | 'epoch'> & Partial<Pick<RunItem, 'inputs' | 'key'>>,
  outcome: SettleItem['outcome'],
  attempts: number,
  made: Made = {},
): SettleItem {
  return {
    node_id: item.node_id,
    epoch: item.epoch,
    outcome,
    inputs: item.inputs ?? [],
    key: item.key ?? null,
    version: null,
    content_hash: null,
    content_type: null,
    size: null,
    attempts,
    error: null,
    duration_ms: 0,
    usage: noUsage,
    ...made,
  }
}

/** What a blob holds after a write, where a user's edit makes that something else than what was made. */
export function headUnderOverlay(
  { content_hash, content_type, size, overlay }: Extract<TransformOutcome, { status: 'applied' | 'kept' }>,
  made: Pick<SettleItem, 'content_hash' | 'content_type'>,
): HeadUnderOverlay | undefined {
  if (overlay === null && content_hash === made.content_hash && content_type === made.content_type) return undefined
  return { content_hash, content_type, size, overlay }
}
