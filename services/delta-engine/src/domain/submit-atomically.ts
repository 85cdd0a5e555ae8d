import { setTimeout as pause } from 'node:timers/promises'
import { canonicalJson, failpoint, fromProblem, sha256, StudioError } from '@studio/kernel'
import type { BatchOutcome, Blob, SubmitDelta, SubmitOutcome } from '@studio/contracts'
import { checkTarget, yields } from './check-target.ts'
import { valueOf } from './each-alone.ts'
import { findRecorded, usedBefore } from './find-recorded.ts'
import type { RecordedDelta } from './ports.ts'
import { portionsOf } from './portions.ts'
import { readSources } from './read-sources.ts'
import { awaitRecorded } from './recorded-outcome.ts'
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

/** Content that the changes of a list may make together, in bytes: it is held until all of it is committed. */
const maximumMade = 64 * 2 ** 20

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
  await planAll(ports, works)
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

/** Plans in rounds: the first change of each blob, then the second ones on top of what the first ones make, and so on. */
async function planAll(ports: SubmitPorts, works: readonly Work[]): Promise<void> {
  const heads = await readHeads(ports, works)
  const made = new Map<string, Buffer>()
  let madeBytes = 0
  const blobs = { ...ports.blobs, contents: contentsWith(ports.blobs, made) }
  for (const round of roundsOf(works)) {
    for (const { work, at } of round) {
      const { item } = work.submission
      if (item.operation === 'create') continue
      await refusedAt(at, () => Object.assign(work, checkTarget(item, heads.get(item.blob_id) ?? null)))
      // What the list itself has just made is not there to be merged with.
      if (work.merges && work.head?.version_id === unmade)
        throw new Refusal(
          at,
          new StudioError(
            'version_conflict',
            'Within a list, `from_version` names the version that the change before it makes.',
          ),
        )
    }
    for (const portion of portionsOf(round, ({ work }) => work)) await planPortion(portion)
  }

  async function planPortion(portion: readonly Placed[]): Promise<void> {
    const sources = await readSources(
      { ...ports, blobs },
      portion.map(({ work }) => work),
    )
    for (const [place, { work, at }] of portion.entries()) {
      const { item } = work.submission
      await refusedAt(at, async () => {
        work.plan = await ports.planner.plan(item, work.head, valueOf(sources[place]))
      })
      const { plan } = work
      if (plan?.content && 'bytes' in plan.content && plan.content_hash !== null) {
        const { buffer, byteOffset, length } = plan.content.bytes
        made.set(plan.content_hash, Buffer.from(buffer, byteOffset, length))
        madeBytes += length
        if (madeBytes > maximumMade)
          throw new Refusal(
            at,
            new StudioError(
              'patch_too_large',
              `The changes of a list may make ${maximumMade} bytes of content together; send them in several lists.`,
            ),
          )
      }
      if (work.head !== null && plan) heads.set(item.blob_id, headAfter(work.head, work))
    }
  }
}

/** A change and its place in the list. */
interface Placed {
  readonly work: Work
  readonly at: number
}

/** Stands for the id of a version that is not committed yet. */
const unmade = '00000000-0000-0000-0000-000000000000'

function headAfter(head: Blob, { submission: { item }, plan }: Work): Blob {
  return {
    ...head,
    version: head.version + 1,
    version_id: unmade,
    content_hash: plan?.content_hash ?? head.content_hash,
    content_type: plan?.content_type ?? head.content_type,
    size: plan?.size ?? head.size,
    metadata: item.metadata ?? head.metadata,
    conflict_policy: item.conflict_policy ?? head.conflict_policy,
    deleted_at: item.operation === 'delete' ? new Date().toISOString() : null,
  }
}

async function readHeads(ports: SubmitPorts, works: readonly Work[]): Promise<Map<string, Blob>> {
  const ids = new Map(works.map(({ submission: { item } }) => [item.blob_id, item.tenant_id]))
  const references = [...ids].map(([blob_id, tenant_id]) => ({ tenant_id, blob_id }))
  const heads = await ports.blobs.heads(references)
  return new Map(references.flatMap(({ blob_id }, at) => (heads[at] ? [[blob_id, heads[at]]] : [])))
}

function roundsOf(works: readonly Work[]): Placed[][] {
  const rounds: Placed[][] = []
  const seen = new Map<string, number>()
  for (const [at, work] of works.entries()) {
    const { blob_id } = work.submission.item
    const round = seen.get(blob_id) ?? 0
    seen.set(blob_id, round + 1)
    rounds[round] ??= []
    rounds[round].push({ work, at })
  }
  return rounds
}

/** Contents that the list itself makes are at hand before blob has them. */
function contentsWith(
  blobs: SubmitPorts['blobs'],
  made: ReadonlyMap<string, Buffer>,
): SubmitPorts['blobs']['contents'] {
  return async (references) => {
    const missing = references.filter(({ hash }) => !made.has(hash))
    const read = (missing.length === 0 ? [] : await blobs.contents(missing)).values()
    return references.map(({ hash }) => made.get(hash) ?? read.next().value ?? null)
  }
}

async function refusedAt(operation: number, step: () => unknown): Promise<void> {
  try {
    await step()
  } catch (error) {
    throw new Refusal(operation, error)
  }
}
