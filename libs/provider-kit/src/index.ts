export { createProviderActivities, type ClaimSummary } from './activities.ts'
export { createClaimActivities, type ClaimActivities } from './claim-activities.ts'
export { createContentReader, type ContentReader } from './content-reader.ts'
export type { ProviderDependencies } from './dependencies.ts'
export { toFailure } from './failures.ts'
export {
  decodeText,
  defineProvider,
  inputOf,
  textOf,
  textOutput,
  type InputContent,
  type Inputs,
  type Output,
  type Provider,
  type Transform,
} from './provider.ts'
export { createTombstoneActivity } from './tombstone.ts'
