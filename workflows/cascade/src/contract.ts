import type { CascadeAction } from '@studio/contracts'

/** The blob whose change a cascade follows. */
export interface CascadeTarget {
  tenant_id: string
  blob_id: string
}

export const cascadeWorkflowType = 'cascade'

/** Updates of a cascade workflow: the same as the routes of the public API. Without a `cascade_id` the newest cascade of the blob is meant. */
export const cascadeActions = ['pause', 'resume', 'cancel', 'retry-failed'] as const satisfies readonly CascadeAction[]
export interface CascadeUpdate {
  cascade_id?: string
}

/** Says, without data, that there may be new work. */
export const ringSignal = 'ring'
