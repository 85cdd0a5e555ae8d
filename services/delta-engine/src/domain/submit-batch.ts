import { failpoint, isStudioError, newId, StudioError, toProblem } from '@studio/kernel'
import type { Blob, Commit, CommitOutcome, SubmitDelta, SubmitOutcome } from '@studio/contracts'
import { checkTarget, versionMismatch } from './check-target.ts'
import { eachAlone } from './each-alone.ts'
import type { PatchLimits } from './limits.ts'
import { planChange, type PlannedChange } from './plan-change.ts'
import type { Blobs, DeltaStore, Events, PendingDelta, RecordedDelta, Recorder } from './ports.ts'
import { readSources } from './read-sources.ts'

/** One user's change on its way. The id and the pending row stay the same over its tries. */
export interface Submission {
  readonly item: SubmitDelta
  readonly delta_id: string
  readonly request_hash: string | null
  /** Whether its pending row is there from an earlier try. */
  written: boolean
}

/**
 * What a batch made of one submission: its outcome; `recorded`: its idempotency key belongs to this earlier delta; `lost`: somebody else's
 * version came first, and since the change names no version it may be made again on top of that one.
 */
export type Result = { outcome: SubmitOutcome } | { recorded: RecordedDelta } | { lost: { head_version: number } }

export interface SubmitPorts {
  readonly blobs: Blobs
  readonly store: DeltaStore
  readonly recorder: Recorder
  readonly events: Events
  readonly limits: PatchLimits
}

interface Work {
  readonly submission: Submission
  head: Blob | null
  plan?: PlannedChange
  result?: Result
}

export function newSubmission(item: SubmitDelta, requestHash: string | null): Submission {
  return { item, delta_id: newId(), request_hash: requestHash, written: false }
}

/**
 * Takes a batch of changes of different blobs through all steps: earlier deltas under the same key, heads, content, plan, pending rows (one
 * statement), commit at blob (one request). Each step goes on with those that are still without a result; no item harms another.
 */
export async function submitBatch(ports: SubmitPorts, submissions: readonly Submission[]): Promise<Result[]> {
  const works = submissions.map((submission): Work => ({ submission, head: null }))
  const open = (): Work[] => works.filter((work) => work.result === undefined)
  const step = async (run: (works: readonly Work[]) => Promise<void>): Promise<void> => {
    const current = open()
    if (current.length === 0) return
    for (const [at, settled] of (await eachAlone(current, async (part) => (await run(part), part))).entries()) {
      if ('error' in settled) fail(ports, current[at] as Work, settled.error)
    }
  }
  await step((part) => findRecorded(ports, part))
  await step((part) => readHeads(ports, part))
  await step((part) => plan(ports, part))
  await step((part) => writePending(ports, part))
  const committing = open()
  if (committing.length > 0) {
    failpoint('delta.pending.after')
    const outcomes = await ports.blobs.commit(committing.map(commitOf))
    failpoint('delta.committed')
    for (const [at, work] of committing.entries()) {
      const settled = outcomes[at]
      // Whether blob took it is not known then: the pending row stays, and the sweeper finds out.
      if (settled === undefined || 'error' in settled) work.result = failedWith(ports, settled?.error)
      else work.result = conclude(ports, work, settled.value)
    }
  }
  return works.map(
    (work) => work.result ?? failedWith(ports, new TypeError('a submission went through all steps without a result')),
  )
}

async function findRecorded(ports: SubmitPorts, works: readonly Work[]): Promise<void> {
  const keyed = works.filter(({ submission }) => submission.item.idempotency_key !== null && !submission.written)
  if (keyed.length === 0) return
  const recorded = await ports.store.findByKeys(
    keyed.map(({ submission: { item } }) => ({
      tenant_id: item.tenant_id,
      idempotency_key: item.idempotency_key ?? '',
    })),
  )
  const byKey = new Map(recorded.map((delta) => [`${delta.tenant_id} ${delta.idempotency_key}`, delta]))
  for (const work of keyed) {
    const { item, request_hash } = work.submission
    const delta = byKey.get(`${item.tenant_id} ${item.idempotency_key}`)
    if (delta === undefined) continue
    if (delta.request_hash === request_hash) work.result = { recorded: delta }
    else
      fail(
        ports,
        work,
        new StudioError('idempotency_conflict', 'Use a new key for a new request; this one belongs to another.'),
      )
  }
}

async function readHeads(ports: SubmitPorts, works: readonly Work[]): Promise<void> {
  const existing = works.filter(({ submission }) => submission.item.operation !== 'create')
  if (existing.length === 0) return
  const heads = await ports.blobs.heads(
    existing.map(({ submission: { item } }) => ({ tenant_id: item.tenant_id, blob_id: item.blob_id })),
  )
  for (const [at, work] of existing.entries())
    attempt(ports, work, () => (work.head = checkTarget(work.submission.item, heads[at] ?? null)))
}

async function plan(ports: SubmitPorts, works: readonly Work[]): Promise<void> {
  const sources = await readSources(
    ports.blobs,
    works.map(({ submission, head }) => ({ item: submission.item, head })),
  )
  for (const [at, work] of works.entries()) {
    attempt(
      ports,
      work,
      () =>
        (work.plan = planChange(
          work.submission.item,
          work.head,
          sources[at] ?? { base: null, staged: null, target: null },
          ports.limits,
        )),
    )
  }
}

async function writePending(ports: SubmitPorts, works: readonly Work[]): Promise<void> {
  const again = works.filter(({ submission }) => submission.written)
  const fresh = works.filter(({ submission }) => !submission.written)
  if (again.length > 0) await ports.store.rebasePending(again.map(pendingOf))
  if (fresh.length === 0) return
  const written = await ports.store.insertPending(fresh.map(pendingOf))
  for (const { submission } of fresh) submission.written = written.has(submission.delta_id)
  // Another request took the key since it was looked up: that one's delta is there now.
  const beaten = fresh.filter(({ submission }) => !submission.written)
  if (beaten.length === 0) return
  await findRecorded(ports, beaten)
  for (const work of beaten)
    if (work.result === undefined)
      fail(
        ports,
        work,
        new StudioError('version_conflict', 'Another request with this key has just failed; send this one again.'),
      )
}

function conclude(ports: SubmitPorts, { submission, head, plan }: Work, outcome: CommitOutcome): Result {
  const { item, delta_id } = submission
  if (outcome.status === 'committed') {
    ports.recorder.end({ id: delta_id, to_version: outcome.version, size: outcome.blob.size, error: null })
    return { outcome: { status: 'applied', delta_id, blob: outcome.blob } }
  }
  if (outcome.status === 'conflict' && item.operation !== 'create' && item.from_version === null)
    return { lost: { head_version: outcome.head_version } }
  return endFailed(ports, submission, refusalError(item, outcome, head, plan))
}

/** Ends a submission for good: nothing of it was or will be committed. */
export function endFailed(
  { recorder }: Pick<SubmitPorts, 'recorder'>,
  { delta_id }: Submission,
  error: StudioError,
): { outcome: SubmitOutcome } {
  const problem = toProblem(error)
  recorder.end({ id: delta_id, to_version: null, size: null, error: problem })
  return { outcome: { status: 'failed', problem } }
}

function refusalError(
  item: SubmitDelta,
  outcome: Exclude<CommitOutcome, { status: 'committed' }>,
  head: Blob | null,
  plan: PlannedChange | undefined,
): StudioError {
  switch (outcome.status) {
    case 'conflict':
      return item.operation === 'create'
        ? new StudioError('blob_exists', 'Make the blob under another id, or update this one.')
        : versionMismatch(item, outcome.head_version)
    case 'missing':
      return new StudioError('blob_not_found', 'There is no blob with this id.')
    case 'deleted':
      return new StudioError('blob_deleted', 'The blob has been deleted; go back to one of its versions to restore it.')
    case 'content_missing':
      return new StudioError(
        'content_not_found',
        `There is no content ${plan?.content_hash ?? head?.content_hash ?? ''}; upload it again.`,
      )
    case 'refused':
      return new StudioError('delta_refused', 'The change took too long and was given up; send it again.')
  }
}

function pendingOf({ submission, head, plan }: Work): PendingDelta {
  if (plan === undefined) throw new TypeError('a delta is planned before it is written')
  const { item, delta_id, request_hash } = submission
  const { content: _content, ...recorded } = plan
  return {
    id: delta_id,
    tenant_id: item.tenant_id,
    blob_id: item.blob_id,
    user_id: item.user_id,
    operation: item.operation,
    from_version: head?.version ?? 0,
    idempotency_key: item.idempotency_key,
    request_hash,
    ...recorded,
  }
}

function commitOf({ submission, head, plan }: Work): Commit {
  if (plan === undefined) throw new TypeError('a delta is planned before it is committed')
  const { item, delta_id } = submission
  return {
    delta_id,
    tenant_id: item.tenant_id,
    user_id: item.user_id,
    blob_id: item.blob_id,
    operation: item.operation,
    from_version: head?.version ?? 0,
    content: plan.content,
    content_type: plan.content_type,
    metadata: item.metadata,
    created_by: 'user',
    caused_by: null,
    parent_id: head?.parent_id ?? null,
    root_id: head?.root_id ?? item.blob_id,
    depth: head?.depth ?? 0,
    providers: item.providers,
    fence: 0,
    traceparent: item.traceparent,
  }
}

function attempt(ports: SubmitPorts, work: Work, run: () => void): void {
  try {
    run()
  } catch (error) {
    fail(ports, work, error)
  }
}

/** Before blob is asked (again): nothing of the submission is committed, so a row that an earlier try left is ended, too. */
function fail(ports: SubmitPorts, work: Work, error: unknown): void {
  const failed = failedWith(ports, error)
  work.result = failed
  const { written, delta_id: id } = work.submission
  if (written) ports.recorder.end({ id, to_version: null, size: null, error: failed.outcome.problem })
}

function failedWith({ events }: SubmitPorts, error: unknown): { outcome: SubmitOutcome & { status: 'failed' } } {
  if (!isStudioError(error)) events.fault(error)
  return { outcome: { status: 'failed', problem: toProblem(error) } }
}
