import { WorkflowNotFoundError, type Client } from '@temporalio/client'
import { TypedSearchAttributes } from '@temporalio/common'
import type { Logger } from '@studio/telemetry'
import type { CascadeBell } from '../domain/ports.ts'
import { ringFailed } from '../telemetry.ts'
import { rootKey, studioTaskQueue, tenantKey } from './names.ts'

export interface TemporalBell extends CascadeBell {
  isAwake(tenantId: string, rootId: string): Promise<boolean>
  isRunning(workflowId: string): Promise<boolean>
  ping(): Promise<void>
  /** Waits for the rings that are under way. */
  close(): Promise<void>
}

export function createCascadeBell({ client, log }: { client: Client; log: Logger }): TemporalBell {
  const under = new Set<Promise<void>>()

  const ringOne = async (tenantId: string, rootId: string): Promise<void> => {
    try {
      await client.workflow.signalWithStart('cascade', {
        workflowId: workflowIdOf(tenantId, rootId),
        taskQueue: studioTaskQueue,
        signal: 'ring',
        args: [{ tenant_id: tenantId, blob_id: rootId }],
        typedSearchAttributes: new TypedSearchAttributes([
          { key: tenantKey, value: tenantId },
          { key: rootKey, value: [rootId] },
        ]),
      })
    } catch (error) {
      ringFailed(log, tenantId, rootId, error)
    }
  }
  const isRunning = async (workflowId: string): Promise<boolean> => {
    try {
      return (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING'
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false
      throw error
    }
  }
  return {
    ring(tenantId, rootIds) {
      for (const rootId of rootIds) {
        const ringing = ringOne(tenantId, rootId).finally(() => under.delete(ringing))
        under.add(ringing)
      }
    },
    isAwake: (tenantId, rootId) => isRunning(workflowIdOf(tenantId, rootId)),
    isRunning,
    async ping() {
      await client.withDeadline(Date.now() + 2000, () => client.workflowService.getSystemInfo({}))
    },
    async close() {
      await Promise.allSettled(under)
    },
  }
}

function workflowIdOf(tenantId: string, rootId: string): string {
  return `cascade/${tenantId}/${rootId}`
}
