import { z } from 'zod'
import { JsonObject, Uuid } from './common.ts'
import { ProblemSchema } from './problem.ts'
import { InputName } from './provider.ts'
import { NodeState } from './run.ts'

/** Blobs that a derivation feeds on, by the name of the input, in their order. */
export const DerivationInputs = z.record(InputName, z.array(Uuid).min(1).max(1000))
export type DerivationInputs = z.infer<typeof DerivationInputs>

/** What makes a derived blob from its inputs, from now on until it is removed. Its id is that of the blob. */
export const Derivation = z.object({
  blob_id: Uuid,
  tenant_id: Uuid,
  provider_id: z.string(),
  /** Of the last run; null before the first. */
  provider_version: z.string().nullable(),
  config: JsonObject,
  label: z.string(),
  inputs: DerivationInputs,
  state: NodeState,
  /** Version of the derived blob; 0 before the first run. */
  version: z.int().min(0),
  error: ProblemSchema.nullable(),
})
export type Derivation = z.infer<typeof Derivation>
