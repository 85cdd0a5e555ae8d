import { setTimeout as pause } from 'node:timers/promises'
import { canonicalJson, failpoint, fromProblem, sha256, StudioError } from '@studio/kernel'
import type { BatchOutcome, SubmitDelta, SubmitOutcome } from '@studio/contracts'
import { yields } from './check-target.ts'
import { mayPass } from './each-alone.ts'
import { findRecorded, usedBefore } from './find-recorded.ts'
import { maximumMade, planInTurn, type Postponed } from './plan-in-turn.ts'
import type { RecordedDelta } from './ports.ts'
import { awaitRecorded } from './recorded-outcome.ts'
import { readHeads } from './read-heads.ts'
import { requestHash } from './request-hash.ts'
import { refusalError } from './submit-each.ts'
import {
  commitOf,
  failedWith,
  isMerged,
  newSubmission,
  newWork,
  outcomeOfPlan,
  withinAnswer,
  type Submission,
  type SubmitPorts,
  type Work,
} from './work.ts'
import { beatenError, writePending } from './write-pending.ts'

/** An atomic list of changes. Their own keys are not looked at. */
export interface AtomicRequest {
  readonly items: readonly SubmitDelta[]
  readonly idempotency_key: string | null
  readonly dry_run: boolean
}

/** Tries of a list of which every change yields to others, each on top of what came first. */
const maximumTries = 5
const jitterMs = 20

/** Why a list was refused, and the change because of which, if it was one. Nothing of it is committed, unless that is `uncertain`. */
class Refusal extends Error {
  readonly operation: number | null
  readonly isUncertain: boolean

  constructor(operation: number | null, cause: unknown, isUncertain = false) {
    super('a list of changes was refused', { cause })
    this.operation = operation
    this.isUncertain = isUncertain
  }
}

/** Somebody else's version came first. */
const lost = Symbol('lost')

/**
 * Makes all changes of a list or none of them. Those of one blob follow each other: each is planned on what the one before it makes. All
 * rows are written before blob commits all of it in one transaction.
 */
export async function submitAtomically(ports: SubmitPorts, request: AtomicRequest): Promise<BatchOutcome> {
  const submissions = submissionsOf(request)
  const started = performance.now()
  try {
    const items = await untilDone(ports, submissions, request.dry_run)
    tellApplied(ports, submissions, items, (performance.now() - started) / 1000)
    return { status: 'done', items }
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(null, error)
    const { problem } = failedWith(ports, refusal.cause).outcome
    for (const { item, written, delta_id: id } of submissions) {
      const { tenant_id, blob_id, operation } = item
      // Of what is uncertain the sweeper finds out.
      if (written && !refusal.isUncertain) ports.recorder.end({ id, to_version: null, size: null, error: problem })
      ports.events.failed({ id: null, tenant_id, blob_id, operation, code: problem.code })
    }
    return { status: 'failed', operation: refusal.operation, problem }
  }
}

async function untilDone(
  ports: SubmitPorts,
  submissions: readonly Submission[],
  isDryRun: boolean,
): Promise<SubmitOutcome[]> {
  for (let tries = 1; tries <= maximumTries; tries += 1) {
    const outcomes = await attempt(ports, submissions, isDryRun)
    if (outcomes !== lost) return outcomes
    await pause(Math.random() * jitterMs * tries)
  }
  throw new StudioError('version_conflict', 'Others changed these blobs again and again; send the list again.')
}

function tellApplied(
  { events }: SubmitPorts,
  submissions: readonly Submission[],
  outcomes: readonly SubmitOutcome[],
  seconds: number,
): void {
  for (const [at, outcome] of outcomes.entries()) {
    if (outcome.status !== 'applied') continue
    const { delta_id: id, blob } = outcome
    const { tenant_id, operation } = (submissions[at] as Submission).item
    events.applied({ id, tenant_id, blob_id: blob.id, operation, version: blob.version, seconds })
  }
}

function submissionsOf({ items, idempotency_key, dry_run }: AtomicRequest): Submission[] {
  const name = dry_run ? null : (idempotency_key ?? nameByDelta(items))
  // One hash for all: a list that differs in one change is another request.
  const hash =
    name === null ? null : sha256(canonicalJson(items.map((item) => requestHash({ ...item, idempotency_key: null }))))
  return items.map((item, at) => ({
    ...newSubmission({ ...item, idempotency_key: null, dry_run }),
    // A client's key holds no space, so no other request can have the keys of the further ones.
    idempotency_key: name === null || at === 0 ? name : `${name} ${at}`,
    request_hash: hash,
  }))
}

/** One delta's id makes the whole list known again: those whose ids the client did not choose get other ids each time. */
function nameByDelta(items: readonly SubmitDelta[]): string | null {
  const id = items.find(({ delta_id }) => delta_id !== null)?.delta_id ?? null
  return id && `delta ${id}`
}

async function attempt(
  ports: SubmitPorts,
  submissions: readonly Submission[],
  isDryRun: boolean,
): Promise<SubmitOutcome[] | typeof lost> {
  const works = submissions.map(newWork)
  const before = await recordedBefore(ports, works)
  if (before !== undefined) return before
  try {
    await planAll(ports, works)
  } catch (error) {
    // The same list may have come by another way since it was looked up, and that is what stands against it.
    const meanwhile = await recordedBefore(ports, works)
    if (meanwhile !== undefined) return meanwhile
    throw error
  }
  if (isDryRun) return works.map(outcomeOfPlan).map(withinAnswer())
  const beaten = new Set(await writePending(ports.store, works))
  const first = works.findIndex((work) => beaten.has(work))
  if (first !== -1) {
    // The same list may have come by another way since it was looked up.
    const meanwhile = beaten.size === works.length ? await recordedBefore(ports, works) : undefined
    if (meanwhile !== undefined) return meanwhile
    throw new Refusal(first, beatenError(works[first] as Work))
  }
  failpoint('delta.pending.after')
  const outcome = await ports.blobs.commitAtomically(works.map(commitOf)).catch((error: unknown) => {
    throw new Refusal(null, error, true)
  })
  failpoint('delta.committed')
  if (outcome.status === 'committed')
    return outcome.items.map((item, at): SubmitOutcome => {
      const { submission, plan } = works[at] as Work
      if (item.status !== 'committed') throw new TypeError('a committed list has committed items only')
      const { delta_id } = submission
      ports.recorder.end({ id: delta_id, to_version: item.version, size: item.blob.size, error: null })
      return { status: 'applied', delta_id, merged: isMerged(plan), blob: item.blob }
    })
  const { submission, head, plan } = works[outcome.position] as Work
  const refusal = outcome.outcome
  if (refusal.status === 'committed') throw new TypeError('a list is not refused because of what was committed')
  if (refusal.status === 'overlaid') return lost
  if (refusal.status === 'conflict' && head !== null && yields(submission.item, head)) return lost
  throw new Refusal(outcome.position, refusalError(submission.item, refusal, head, plan))
}

/** The outcomes of the same list, where it was made before. */
async function recordedBefore(ports: SubmitPorts, works: readonly Work[]): Promise<SubmitOutcome[] | undefined> {
  const found = await findRecorded(
    ports.store,
    works.map(({ submission }) => submission),
  )
  const deltas: RecordedDelta[] = []
  for (const [at, delta] of found.entries()) {
    if (delta instanceof Error) throw new Refusal(at, delta)
    if (delta !== undefined) deltas.push(delta)
  }
  const [first, ...others] = deltas
  if (first === undefined) return undefined
  // What became of one became of all; whoever waits for it asks for one only.
  const outcomes = [await awaitRecorded(ports, first)]
  if (outcomes[0]?.status === 'applied')
    outcomes.push(...(await Promise.all(others.map((delta) => awaitRecorded(ports, delta)))))
  const failed = outcomes.find(({ status }) => status === 'failed')
  // Because of which change is not recorded: all of them have its problem.
  if (failed?.status === 'failed') throw new Refusal(null, fromProblem(failed.problem))
  if (outcomes.length < works.length) throw new Refusal(found.indexOf(undefined), usedBefore())
  return outcomes
}

/** Plans each change on what those before it make. */
async function planAll(ports: SubmitPorts, works: readonly Work[]): Promise<void> {
  await readHeads(ports, works)
  const refuse = (work: Work, error: unknown): never => {
    // What may pass is nobody's fault.
    throw mayPass(error) ? error : new Refusal(works.indexOf(work), error)
  }
  await planInTurn(ports, works, {
    leads: () => true,
    refuse,
    postpone: (work, reason) => refuse(work, postponedErrors[reason]()),
  })
}

const postponedErrors: Record<Postponed, () => StudioError> = {
  unmade: () =>
    new StudioError(
      'version_conflict',
      'Within a list a change goes on what the one before it makes; it cannot be merged with that, nor go back to it.',
    ),
  full: () =>
    new StudioError(
      'patch_too_large',
      `The changes of a list may make ${maximumMade} bytes of content together; send them in several lists.`,
    ),
}
