import { setTimeout as pause } from 'node:timers/promises'
import { isStudioError, toProblem } from '@studio/kernel'
import type { SubmitDelta, SubmitOutcome } from '@studio/contracts'
import { versionMismatch } from './check-target.ts'
import { createLanes } from './lanes.ts'
import { awaitRecorded } from './recorded-outcome.ts'
import { endFailed, submitEach } from './submit-each.ts'
import { newSubmission, withinAnswer, type Result, type Submission, type SubmitPorts } from './work.ts'

/** Tries of a change that yields to others, each on top of the version that came first. */
const maximumTries = 5
const jitterMs = 20

export interface SubmitOptions extends SubmitPorts {
  /** Runs the work of a batch within the traces of its items. */
  inTrace<Value>(traceparents: readonly (string | null)[], run: () => Promise<Value>): Promise<Value>
}

/**
 * Users' changes, each on its own and answered in order. Changes of all requests are joined in batches, those of one blob follow each
 * other; what another process's change came before is made again on top of it.
 */
export function createSubmit(options: SubmitOptions): (items: readonly SubmitDelta[]) => Promise<SubmitOutcome[]> {
  const run = createLanes<Submission, Result>({
    key: ({ item }) => item.blob_id,
    weight: ({ item }) => weigh(item),
    work: (submissions) =>
      options.inTrace(
        submissions.map(({ item }) => item.traceparent),
        () => submitEach(options, submissions),
      ),
    maximumItems: 500,
    maximumWeight: 16 * 2 ** 20,
    maximumBatches: 4,
    maximumWaitMs: 15_000,
  })

  const submitOne = async (item: SubmitDelta): Promise<SubmitOutcome> => {
    const submission = newSubmission(item)
    for (let tries = 1; ; tries += 1) {
      const result = await run(submission)
      if ('outcome' in result) return result.outcome
      if ('recorded' in result) return awaitRecorded(options, result.recorded)
      if (tries === maximumTries)
        return endFailed(options, submission, versionMismatch(item, result.lost.head_version)).outcome
      await pause(Math.random() * jitterMs * tries)
    }
  }

  const submitSafely = async (item: SubmitDelta): Promise<SubmitOutcome> => {
    const started = performance.now()
    const outcome = await submitOne(item).catch((error: unknown): SubmitOutcome => {
      if (!isStudioError(error)) options.events.fault(error)
      return { status: 'failed', problem: toProblem(error) }
    })
    const { tenant_id, blob_id, operation } = item
    if (outcome.status === 'failed')
      options.events.failed({ id: null, tenant_id, blob_id, operation, code: outcome.problem.code })
    else if (outcome.status === 'applied') {
      const { delta_id: id, blob } = outcome
      options.events.applied({
        id,
        tenant_id,
        blob_id: blob.id,
        operation,
        version: blob.version,
        seconds: (performance.now() - started) / 1000,
      })
    }
    return outcome
  }
  return (items) => {
    const within = withinAnswer()
    return Promise.all(items.map(async (item) => within(await submitSafely(item))))
  }
}

/** What one change adds to a batch beside what it carries: its head's metadata, and the content that it is made on (large ones go in portions). */
const base = 256 * 1024

/** Rough bytes that a change moves. */
function weigh({ operation, change, metadata }: SubmitDelta): number {
  const read = operation === 'create' && metadata === null ? 0 : base
  if (change === null) return read
  if (change.format !== 'replace') return base + change.patch.length
  return read + ('base64' in change.content ? change.content.base64.length : base)
}
