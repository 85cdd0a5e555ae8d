import { isStudioError, newId, toProblem } from '@studio/kernel'
import type { Blob, Overlay, Plan, SubmitDelta, SubmitOutcome } from '@studio/contracts'
import { isDraft } from './draft.ts'
import { overlayChangeOf } from './overlay-change.ts'
import type { PlannedChange } from './plan-content.ts'
import type {
  Blobs,
  DeltaStore,
  Events,
  PendingDelta,
  Planner,
  PlannedCommit,
  RecordedDelta,
  Recorder,
} from './ports.ts'
import { requestHash } from './request-hash.ts'

/** One user's change on its way. The id and the pending row stay the same over its tries. */
export interface Submission {
  readonly item: SubmitDelta
  readonly delta_id: string
  /** Under which the request is known, if it can be said again. */
  readonly idempotency_key: string | null
  readonly request_hash: string | null
  /** Whether its pending row is there from an earlier try. */
  written: boolean
}

/** What became of one submission: its outcome, or the delta by which the request was made before. */
export type Result = { outcome: SubmitOutcome } | { recorded: RecordedDelta }

export interface SubmitPorts {
  readonly blobs: Blobs
  readonly store: DeltaStore
  readonly recorder: Recorder
  readonly events: Events
  readonly planner: Planner
}

/** A submission and what is known of it so far. */
export interface Work {
  readonly submission: Submission
  /** What it goes on: the head as it was read, or what a change before it is going to make. */
  head: Blob | null
  /** What stands on that, where a user has changed a derived blob. */
  overlay: Overlay | null
  merges: boolean
  /** How often somebody else's version came first. */
  lost: number
  plan?: PlannedChange
  result?: Result
}

export function newSubmission(item: SubmitDelta): Submission {
  const isRepeatable = !item.dry_run && (item.idempotency_key !== null || item.delta_id !== null)
  return {
    item,
    delta_id: item.delta_id ?? newId(),
    idempotency_key: item.idempotency_key,
    request_hash: isRepeatable ? requestHash(item) : null,
    written: false,
  }
}

export function newWork(submission: Submission): Work {
  return { submission, head: null, overlay: null, merges: false, lost: 0 }
}

/** The row that says what is about to be done. */
export function pendingOf({ submission, head, plan }: Work): PendingDelta {
  if (plan === undefined) throw new TypeError('a delta is planned before it is written')
  const { item, delta_id, idempotency_key, request_hash } = submission
  const { format, patch, original, content_hash, content_type, size } = plan
  return {
    id: delta_id,
    tenant_id: item.tenant_id,
    blob_id: item.blob_id,
    user_id: item.user_id,
    operation: item.operation,
    from_version: head?.version ?? 0,
    idempotency_key,
    request_hash,
    format,
    patch,
    original,
    content_hash,
    content_type,
    size,
  }
}

export function commitOf({ submission, head, overlay, plan }: Work): PlannedCommit {
  if (plan === undefined) throw new TypeError('a delta is planned before it is committed')
  const { item, delta_id } = submission
  return {
    delta_id,
    tenant_id: item.tenant_id,
    user_id: item.user_id,
    blob_id: item.blob_id,
    operation: item.operation,
    from_version: head?.version ?? 0,
    // What it goes on may come to be otherwise: the same number, made by somebody else.
    from_hash: isDraft(head) ? (head?.content_hash ?? null) : null,
    rests_on: [],
    content: plan.content,
    content_type: plan.content_type,
    overlay: overlayChangeOf(submission.item, head, overlay, plan),
    metadata: item.metadata,
    created_by: 'user',
    caused_by: null,
    parent_id: head?.parent_id ?? null,
    root_id: head?.root_id ?? item.blob_id,
    depth: head?.depth ?? 0,
    providers: item.providers,
    conflict_policy: item.conflict_policy,
    publication: item.publication,
    gated_since: null,
    fence: 0,
    traceparent: item.traceparent,
  }
}

export function isMerged(plan: PlannedChange | undefined): boolean {
  return plan !== undefined && plan.original !== null
}

/** Content up to this size is told in the plan, and that of all plans in one answer; of what is more hash and size are. */
const toldBytes = 2 ** 20

/** Takes the contents out of the outcomes of one request that are more than one answer tells. */
export function withinAnswer(): (outcome: SubmitOutcome) => SubmitOutcome {
  let left = toldBytes
  return (outcome) => {
    if (outcome.status !== 'planned' || outcome.plan.content === null) return outcome
    const bytes = outcome.plan.size ?? 0
    if (bytes > left) return { ...outcome, plan: { ...outcome.plan, content: null } }
    left -= bytes
    return outcome
  }
}

/** What a dry run answers. */
export function outcomeOfPlan({ submission: { item }, head, plan }: Work): SubmitOutcome {
  if (plan === undefined) throw new TypeError('a delta is planned before its plan is told')
  const { content, original: _original, ...planned } = plan
  const from_version = head?.version ?? 0
  const told: Plan = {
    operation: item.operation,
    from_version,
    to_version: from_version + 1,
    merged: isMerged(plan),
    ...planned,
    metadata: item.metadata ?? head?.metadata ?? {},
    content:
      content && 'bytes' in content && content.bytes.length <= toldBytes
        ? { base64: Buffer.from(content.bytes).toString('base64') }
        : null,
  }
  return { status: 'planned', plan: told }
}

export function failedWith(
  { events }: Pick<SubmitPorts, 'events'>,
  error: unknown,
): { outcome: SubmitOutcome & { status: 'failed' } } {
  if (!isStudioError(error)) events.fault(error)
  return { outcome: { status: 'failed', problem: toProblem(error) } }
}

/** Names a thing within its tenant: nobody gets at another tenant's by its id or hash. */
export function nameOf(tenantId: string, id: string): string {
  return `${tenantId} ${id}`
}

/** The name of the blob that a change is of. */
export function blobOf({ submission: { item } }: Work): string {
  return nameOf(item.tenant_id, item.blob_id)
}
