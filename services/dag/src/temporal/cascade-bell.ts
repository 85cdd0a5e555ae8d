import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client'
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common'
import type { Logger } from '@studio/telemetry'
import type { CascadeBell } from '../domain/ports.ts'
import { ringFailed } from '../telemetry.ts'

/** The queue that cascade workflows run on. */
export const cascadeTaskQueue = 'studio'

const tenantKey = defineSearchAttributeKey('studioTenant', 'KEYWORD')
const rootKey = defineSearchAttributeKey('studioRoot', 'KEYWORD_LIST')

export interface TemporalBell extends CascadeBell {
  isAwake(tenantId: string, rootId: string): Promise<boolean>
  isRunning(workflowId: string): Promise<boolean>
  ping(): Promise<void>
  close(): Promise<void>
}

/** Connects lazily, so that dag starts and takes events while Temporal is away. */
export function createCascadeBell(options: { address: string; namespace: string; log: Logger }): TemporalBell {
  const connection = Connection.lazy({ address: options.address })
  const client = new Client({ connection, namespace: options.namespace })
  const under = new Set<Promise<void>>()

  const ringOne = async (tenantId: string, rootId: string): Promise<void> => {
    try {
      await client.workflow.signalWithStart('cascade', {
        workflowId: workflowIdOf(tenantId, rootId),
        taskQueue: cascadeTaskQueue,
        signal: 'ring',
        args: [{ tenant_id: tenantId, blob_id: rootId }],
        typedSearchAttributes: new TypedSearchAttributes([
          { key: tenantKey, value: tenantId },
          { key: rootKey, value: [rootId] },
        ]),
      })
    } catch (error) {
      ringFailed(options.log, tenantId, rootId, error)
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
      await connection.withDeadline(Date.now() + 2000, () => connection.workflowService.getSystemInfo({}))
    },
    async close() {
      await Promise.allSettled(under)
      await connection.close()
    },
  }
}

function workflowIdOf(tenantId: string, rootId: string): string {
  return `cascade/${tenantId}/${rootId}`
}
