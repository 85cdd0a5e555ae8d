export type { ModelEndpoint } from './contract.ts'
export { textExpander } from './provider.ts'
