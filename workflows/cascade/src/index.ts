export { createCascadeActivities, type CascadeActivities } from './activities.ts'
export { cascadeWorkflowType, ringSignal, type CascadeTarget } from './contract.ts'
