import { z } from 'zod'
import { PauseReason } from './budget.ts'
import { Timestamp, Uuid, VersionNumber } from './common.ts'
import { OverlayState } from './overlay.ts'
import { ClaimInput, NodeState, RunOutcome } from './run.ts'
import { ProblemSchema } from './problem.ts'
import { PublicationStanding } from './publication.ts'

/**
 * Whether a blob is what its inputs give. fresh: the key of its current inputs is that of its last settled run · stale: inputs differ, or what feeds
 * it is not settled · outdated: only the provider's version or the configuration differs · deleted. A source is fresh or deleted.
 */
export const Freshness = z.enum(['fresh', 'stale', 'outdated', 'deleted'])
export type Freshness = z.infer<typeof Freshness>

const Input = z.object({ input: z.string(), blob_id: Uuid })

/** One cause of a blob not being fresh. */
export const Reason = z.discriminatedUnion('code', [
  /** It was never made. */
  z.object({ code: z.literal('never_run') }),
  /** An input has another content than the last settled run had; `delta_id` made its newest version. */
  Input.extend({
    code: z.literal('input_changed'),
    from_version: VersionNumber,
    to_version: VersionNumber,
    delta_id: Uuid.nullable(),
  }),
  Input.extend({ code: z.literal('input_added') }),
  /** An input is no longer there: deleted, or taken out of the derivation. */
  Input.extend({ code: z.literal('input_removed') }),
  z.object({ code: z.literal('input_order_changed'), input: z.string() }),
  z.object({ code: z.literal('provider_version_changed'), from: z.string(), to: z.string() }),
  z.object({ code: z.literal('configuration_changed') }),
  /** It waits for these inputs to settle. */
  z.object({ code: z.literal('waiting'), blob_ids: z.array(Uuid) }),
  /** It is ready, and waits for its turn. */
  z.object({ code: z.literal('queued') }),
  /** It is ready, and its cascade is paused. */
  z.object({ code: z.literal('paused'), cascade_id: Uuid, by: PauseReason }),
  z.object({ code: z.literal('running'), workflow_id: z.string().nullable() }),
  z.object({ code: z.literal('failed'), run_id: Uuid.nullable(), error: ProblemSchema.nullable() }),
  /** It was given up with this cascade. */
  z.object({ code: z.literal('cancelled'), cascade_id: Uuid }),
  /** These blobs above it have failed, or were cancelled. */
  z.object({ code: z.literal('blocked'), blob_ids: z.array(Uuid) }),
])
export type Reason = z.infer<typeof Reason>

/** The run that made the version that is there, of exactly these versions of its inputs. */
export const MadeBy = z.object({
  run_id: Uuid,
  provider_id: z.string(),
  provider_version: z.string(),
  inputs: z.array(ClaimInput),
  outcome: RunOutcome,
  version: VersionNumber.nullable(),
  workflow_id: z.string(),
  finished_at: Timestamp,
})
export type MadeBy = z.infer<typeof MadeBy>

/** What the last change above it meant for a blob. `delta_id` is the change (null: asked for by hand), `run_id` the run that it caused, if one. */
export const LastChange = z.object({
  cascade_id: Uuid,
  root_id: Uuid,
  delta_id: Uuid.nullable(),
  at: Timestamp,
  run_id: Uuid.nullable(),
  /** What came of it; `unchanged`: no run, since its inputs came out as they had been · `open`: not settled yet · `cancelled`. */
  outcome: z.union([RunOutcome, z.enum(['unchanged', 'open', 'cancelled'])]),
  /** Where it is `unchanged`: the inputs that were made anew and came out equal. */
  equal_inputs: z.array(Uuid),
})
export type LastChange = z.infer<typeof LastChange>

export const Explanation = z.object({
  blob_id: Uuid,
  provider_id: z.string().nullable(),
  state: NodeState,
  freshness: Freshness,
  /** Whether it was edited by hand, and whether that is in conflict with what its provider makes; null: it holds what that made. */
  overlay: OverlayState.nullable(),
  /** In a sentence. */
  summary: z.string(),
  reasons: z.array(Reason),
  made_by: MadeBy.nullable(),
  last_change: LastChange.nullable(),
  /** null: it is seen as soon as it is made. */
  publication: PublicationStanding.nullable(),
})
export type Explanation = z.infer<typeof Explanation>
