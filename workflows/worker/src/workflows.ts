// All workflow types of the studio's own worker, for the bundle that it runs.
export { cascade } from '@studio/workflow-cascade/workflow'
export { compare } from '@studio/workflow-compare/workflow'
export { grammarChecker } from '@studio/workflow-grammar-checker/workflow'
export { report } from '@studio/workflow-report/workflow'
export { summariser } from '@studio/workflow-summariser/workflow'
export { verification } from '@studio/workflow-verification/workflow'
export { textExpander } from '@studio/workflow-text-expander/workflow'
