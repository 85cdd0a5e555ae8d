/** The blob whose change a cascade follows. */
export interface CascadeTarget {
  tenant_id: string
  blob_id: string
}

export const cascadeWorkflowType = 'cascade'
/** Says, without data, that there may be new work. */
export const ringSignal = 'ring'
