import { setTimeout as pause } from 'node:timers/promises'
import { failpoint, StudioError, toProblem } from '@studio/kernel'
import type { Blob, CommitOutcome, SubmitDelta, SubmitOutcome } from '@studio/contracts'
import { versionMismatch, yields } from './check-target.ts'
import { isDraft } from './draft.ts'
import { eachAlone } from './each-alone.ts'
import { findRecorded } from './find-recorded.ts'
import type { PlannedChange } from './plan-content.ts'
import { planInTurn } from './plan-in-turn.ts'
import { readHeads } from './read-heads.ts'
import {
  commitOf,
  failedWith,
  isMerged,
  newWork,
  outcomeOfPlan,
  type Result,
  type Submission,
  type SubmitPorts,
  type Work,
} from './work.ts'
import { beatenError, writePending } from './write-pending.ts'

/** Tries of a change that yields to others, each on top of what came first. */
const maximumTries = 5
const jitterMs = 20

/**
 * Takes changes through all steps, each on its own: earlier deltas of the same requests, and then heads, contents, plans, pending rows (one
 * statement), commits at blob (one request). Those of one blob follow each other in their order, planned on what the one before makes; what
 * comes to be otherwise, and what had to wait for a version, goes through the steps again. No item harms another.
 */
export async function submitEach(ports: SubmitPorts, submissions: readonly Submission[]): Promise<Result[]> {
  const works = submissions.map(newWork)
  for (let open = openOf(works); open.length > 0; open = openOf(works)) {
    const lost = Math.max(...open.map((work) => work.lost))
    if (lost > 0) await pause(Math.random() * jitterMs * lost)
    await step(ports, open, lookUp)
    await makeInTurn(ports, untilRepeated(openOf(open)))
  }
  return works.map(
    (work) => work.result ?? failedWith(ports, new TypeError('a submission went through all steps without a result')),
  )
}

/** Works up to the first that says again what one before it says: what becomes of that one is known the next time. */
function untilRepeated(works: readonly Work[]): readonly Work[] {
  const said = new Set<string>()
  const end = works.findIndex((work) => {
    const names = namesOf(work)
    const isRepeated = names.some((name) => said.has(name))
    for (const name of names) said.add(name)
    return isRepeated
  })
  return end === -1 ? works : works.slice(0, end)
}

/** What a request is known by: its key, and the id that its client chose for the delta. */
function namesOf({ submission: { item, idempotency_key, request_hash } }: Work): string[] {
  if (request_hash === null) return []
  const { tenant_id, delta_id } = item
  return [
    ...(idempotency_key === null ? [] : [`${tenant_id} key ${idempotency_key}`]),
    ...(delta_id === null ? [] : [`${tenant_id} delta ${delta_id}`]),
  ]
}

/** Plans changes on what those before them make, and makes them; leaves open what has to be planned anew. */
async function makeInTurn(ports: SubmitPorts, works: readonly Work[]): Promise<void> {
  await step(ports, works, readHeads)
  const refused = new Map<Work, unknown>()
  await planInTurn(ports, openOf(works), {
    leads: ({ submission: { item } }) => !item.dry_run,
    refuse: (work, error) => refused.set(work, error),
    postpone: () => undefined,
  })
  // Another process may have made the same request since it was looked up, and that is what stands against it.
  await step(ports, [...refused.keys()], lookUp)
  for (const [work, error] of refused) if (work.result === undefined) fail(ports, work, error)
  const planned = openOf(works).filter(({ plan }) => plan !== undefined)
  for (const work of planned) if (work.submission.item.dry_run) work.result = { outcome: outcomeOfPlan(work) }
  await step(ports, planned, write)
  await commit(ports, openOf(planned))
  // What they were planned to be is not held while others are made.
  for (const work of works) delete work.plan
}

async function commit(ports: SubmitPorts, works: readonly Work[]): Promise<void> {
  if (works.length === 0) return
  failpoint('delta.pending.after')
  const outcomes = await ports.blobs.commit(works.map(commitOf))
  failpoint('delta.committed')
  for (const [at, work] of works.entries()) {
    const settled = outcomes[at]
    // Whether blob took it is not known then: the pending row stays, and the sweeper finds out.
    if (settled === undefined || 'error' in settled) work.result = failedWith(ports, settled?.error)
    else conclude(ports, work, settled.value)
  }
}

function openOf(works: readonly Work[]): Work[] {
  return works.filter((work) => work.result === undefined)
}

/** Runs a step over what is open still; what fails of it fails alone. */
async function step(
  ports: SubmitPorts,
  works: readonly Work[],
  run: (ports: SubmitPorts, works: readonly Work[]) => Promise<void>,
): Promise<void> {
  const open = openOf(works)
  if (open.length === 0) return
  for (const [at, settled] of (await eachAlone(open, async (part) => (await run(ports, part), part))).entries()) {
    if ('error' in settled) fail(ports, open[at] as Work, settled.error)
  }
}

async function lookUp(ports: SubmitPorts, works: readonly Work[]): Promise<void> {
  const recorded = await findRecorded(
    ports.store,
    works.map(({ submission }) => submission),
  )
  for (const [at, work] of works.entries()) {
    const found = recorded[at]
    if (found instanceof Error) fail(ports, work, found)
    else if (found !== undefined) work.result = { recorded: found }
  }
}

async function write(ports: SubmitPorts, works: readonly Work[]): Promise<void> {
  const beaten = await writePending(ports.store, works)
  if (beaten.length === 0) return
  await lookUp(ports, beaten)
  for (const work of beaten) if (work.result === undefined) fail(ports, work, beatenError(work))
}

function conclude(ports: SubmitPorts, work: Work, outcome: CommitOutcome): void {
  const { submission, head, plan } = work
  const { item, delta_id } = submission
  if (outcome.status === 'committed') {
    ports.recorder.end({ id: delta_id, to_version: outcome.version, size: outcome.blob.size, error: null })
    work.result = { outcome: { status: 'applied', delta_id, merged: isMerged(plan), blob: outcome.blob } }
    return
  }
  // Against what was planned on a version that did not come to be nothing is said by that.
  // A newer output has come to an overlay, and no version: also who asks for a version may have it planned anew.
  const isOverlaid = outcome.status === 'overlaid'
  const isLost = isDraft(head) || isOverlaid || (outcome.status === 'conflict' && head !== null && yields(item, head))
  if (isLost) work.lost += 1
  if (!isLost || work.lost === maximumTries)
    work.result = endFailed(ports, submission, refusalError(item, outcome, head, plan))
}

/** Ends a submission for good: nothing of it was or will be committed. */
function endFailed(
  { recorder }: Pick<SubmitPorts, 'recorder'>,
  { delta_id }: Submission,
  error: StudioError,
): { outcome: SubmitOutcome } {
  const problem = toProblem(error)
  recorder.end({ id: delta_id, to_version: null, size: null, error: problem })
  return { outcome: { status: 'failed', problem } }
}

/** Why blob did not take a commit, for its author. */
export function refusalError(
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
    case 'overlaid':
      return new StudioError('version_conflict', 'The provider of this blob came first again and again; send it again.')
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
    case 'baseless':
      return new StudioError('delta_refused', 'The change took too long and was given up; send it again.')
  }
}

/** Before blob is asked (again): nothing of the submission is committed, so a row that an earlier try left is ended, too. */
function fail(ports: SubmitPorts, work: Work, error: unknown): void {
  const failed = failedWith(ports, error)
  work.result = failed
  const { written, delta_id: id } = work.submission
  if (written) ports.recorder.end({ id, to_version: null, size: null, error: failed.outcome.problem })
}
