import { isStudioError, toProblem } from '@studio/kernel'
import type { SubmitDelta, SubmitOutcome } from '@studio/contracts'
import { createLanes } from './lanes.ts'
import { awaitRecorded } from './recorded-outcome.ts'
import { submitEach } from './submit-each.ts'
import { newSubmission, withinAnswer, type Result, type Submission, type SubmitPorts } from './work.ts'

export interface SubmitOptions extends SubmitPorts {
  /** Runs the work of a batch within the traces of its items. */
  inTrace<Value>(traceparents: readonly (string | null)[], run: () => Promise<Value>): Promise<Value>
}

/**
 * Users' changes, each on its own and answered in order. Changes of all requests are joined in batches, those of one blob follow each
 * other.
 */
export function createSubmit(options: SubmitOptions): (items: readonly SubmitDelta[]) => Promise<SubmitOutcome[]> {
  const run = createLanes<Submission, Result>({
    key: ({ item }) => item.blob_id,
    weight: ({ item }, isFirst) => weigh(item, isFirst),
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
    const result = await run(newSubmission(item))
    return 'outcome' in result ? result.outcome : awaitRecorded(options, result.recorded)
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

/** What a blob adds to a batch beside what its changes carry: its head's metadata, and the content that they are made on (large ones go in portions). */
const weightOfBlob = 256 * 1024
/** What a further change of the blob adds: the answer tells its head. */
const weightOfFurther = 32 * 1024

/** Rough bytes that a change moves. */
function weigh({ operation, change, metadata }: SubmitDelta, isFirst: boolean): number {
  const base = isFirst ? weightOfBlob : weightOfFurther
  const read = operation === 'create' && metadata === null ? 0 : base
  if (change === null) return read
  if (change.format !== 'replace') return base + change.patch.length
  return read + ('base64' in change.content ? change.content.base64.length : base)
}
