// All workflow types of the studio's own worker, for the bundle that it runs.
export { cascade } from '@studio/workflow-cascade/workflow'
export { grammarChecker } from '@studio/workflow-grammar-checker/workflow'
export { summariser } from '@studio/workflow-summariser/workflow'
export { textExpander } from '@studio/workflow-text-expander/workflow'
