import { VerificationReport, type Verification } from '@studio/contracts'
import { StudioError, toProblem } from '@studio/kernel'
import { ServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client'
import { TypedSearchAttributes } from '@temporalio/common'
import { studioTaskQueue, tenantKey } from './names.ts'

/** Jobs of the process `verifier`. They live in Temporal alone: dag keeps nothing of them. */
export interface Verifications {
  /** Starts one, or answers the one of this tenant that is under way. */
  start(tenantId: string): Promise<Verification>
  /** null where this tenant has none with this id, or Temporal no longer keeps it. */
  read(tenantId: string, id: string): Promise<Verification | null>
}

const deadlineMs = 5000

/** Both throw `dependency_unavailable` where Temporal does not answer. */
export function createVerifications(client: Client): Verifications {
  const ask = async <Answer>(question: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await client.withDeadline(Date.now() + deadlineMs, question)
    } catch (error) {
      if (error instanceof ServiceError)
        throw new StudioError('dependency_unavailable', 'Temporal does not answer.', { cause: error })
      throw error
    }
  }

  // The id is that of the workflow's run: under another tenant's workflow id Temporal finds no such run.
  const read = (tenantId: string, id: string): Promise<Verification | null> =>
    ask(async () => {
      const workflow = client.workflow.getHandle<(tenantId: string) => Promise<unknown>>(workflowIdOf(tenantId), id)
      try {
        const { status, startTime, closeTime } = await workflow.describe()
        const state = status.name === 'RUNNING' ? 'running' : status.name === 'COMPLETED' ? 'done' : 'failed'
        return {
          id,
          tenant_id: tenantId,
          state,
          started_at: startTime.toISOString(),
          ended_at: closeTime?.toISOString() ?? null,
          report: state === 'done' ? VerificationReport.parse(await workflow.result()) : null,
          error: state === 'failed' ? toProblem(unfinished()) : null,
        }
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null
        throw error
      }
    })

  return {
    read,
    async start(tenantId) {
      const { firstExecutionRunId } = await ask(() =>
        client.workflow.start('verification', {
          workflowId: workflowIdOf(tenantId),
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowExecutionTimeout: '1 day',
          taskQueue: studioTaskQueue,
          args: [tenantId],
          typedSearchAttributes: new TypedSearchAttributes([{ key: tenantKey, value: tenantId }]),
        }),
      )
      const started = await read(tenantId, firstExecutionRunId)
      if (!started) throw new StudioError('internal_error', 'Temporal does not know the workflow that it has started.')
      return started
    },
  }
}

function workflowIdOf(tenantId: string): string {
  return `verification/${tenantId}`
}

function unfinished(): StudioError {
  return new StudioError('internal_error', 'It could not be brought to its end. The log of the verifier says why.')
}
