import { z } from 'zod'
import { Sha256, Uuid } from './common.ts'
import { Usage } from './run.ts'

/**
 * What a change would mean for one blob. fresh: it stays as it is, without a run · memo: its output is recorded and is taken over · will_run: its
 * provider runs · may_run: it depends on an output that is not known yet · failed, cancelled: that is so, and nothing makes it anew ·
 * blocked: it waits for one that has failed, was cancelled or cannot run. It would fail without a run: provider_not_found · provider_disabled · input_missing: a blob that it needs was deleted.
 */
export const PreviewStatus = z.enum([
  'fresh',
  'memo',
  'will_run',
  'may_run',
  'failed',
  'cancelled',
  'blocked',
  'provider_not_found',
  'provider_disabled',
  'input_missing',
])
export type PreviewStatus = z.infer<typeof PreviewStatus>

/** What provider runs are expected to take: the sum of their times in milliseconds (they may overlap), tokens, and cost; null: nothing is known of it. */
export const Expectation = Usage.extend({ duration_ms: z.number().min(0).nullable() })
export type Expectation = z.infer<typeof Expectation>

/** One derived blob at or below the previewed one. `level`: the longest way from there. */
export const PreviewNode = z.object({
  blob_id: Uuid,
  provider_id: z.string(),
  /** The version that would run, or that ran last; null where there is neither. */
  provider_version: z.string().nullable(),
  level: z.int().min(0),
  status: PreviewStatus,
  /** Of one run, by the mean of the provider version's last 50 runs in this tenant; null where nothing would run or it has no history. */
  expected: Expectation.nullable(),
  /** Inputs that get another content, or may get one. */
  changed_inputs: z.array(Uuid),
})
export type PreviewNode = z.infer<typeof PreviewNode>

export const PreviewTotals = z.object({
  will_run: z.int(),
  may_run: z.int(),
  memo: z.int(),
  fresh: z.int(),
  /** Nodes of any other status. */
  hindered: z.int(),
  /** Of the nodes that will run, and of these and those that may run together: no more than that. */
  expected: Expectation,
  at_most: Expectation,
  /** Nodes that will or may run and have no history: both sums are without them. */
  unestimated: z.int(),
})
export type PreviewTotals = z.infer<typeof PreviewTotals>

/** What a change of a blob would cause, or without a change what its present content still causes; in topological order. */
export const Preview = z.object({
  blob_id: Uuid,
  /** Of the blob after the change. */
  content_hash: Sha256,
  nodes: z.array(PreviewNode),
  totals: PreviewTotals,
})
export type Preview = z.infer<typeof Preview>

/** Content that a blob would get. `text`: the text itself where it is not stored yet, for triggers with patterns. */
export const PreviewedContent = z.object({
  content_hash: Sha256,
  content_type: z.string(),
  size: z.int().min(0),
  text: z.string().nullable(),
})
export type PreviewedContent = z.infer<typeof PreviewedContent>
