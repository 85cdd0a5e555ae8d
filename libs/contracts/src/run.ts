import { z } from 'zod'
import { Sha256, Timestamp, Uuid, VersionNumber } from './common.ts'
import { ProblemSchema } from './problem.ts'

/**
 * settled: nothing to do · dirty: waits for its turn or its inputs · running: claimed · failed · cancelled: with its cascade · blocked: below a failed or
 * cancelled one · deleted
 */
export const NodeState = z.enum(['settled', 'dirty', 'running', 'failed', 'cancelled', 'blocked', 'deleted'])
export type NodeState = z.infer<typeof NodeState>

/** version: a new version was made · cutoff: the output equals the stored one · memo: a recorded output was used, no provider ran · failed · deleted */
export const RunOutcome = z.enum(['version', 'cutoff', 'memo', 'failed', 'deleted'])
export type RunOutcome = z.infer<typeof RunOutcome>

/** What a provider's work on one node took beside time; null: the provider does not say. A cost is in millionths of a dollar. */
export const Usage = z.object({ tokens: z.int().min(0).nullable(), cost_microdollars: z.int().min(0).nullable() })
export type Usage = z.infer<typeof Usage>

export const noUsage: Usage = { tokens: null, cost_microdollars: null }

/**
 * One blob that a run reads, at its version. `read_hash`: where the provider reads a part of it only, the SHA-256 of that part, which stands for the content in
 * the derivation key.
 */
export const ClaimInput = z.object({
  name: z.string(),
  blob_id: Uuid,
  version: VersionNumber,
  content_hash: Sha256,
  content_type: z.string(),
  read_hash: Sha256.optional(),
})
export type ClaimInput = z.infer<typeof ClaimInput>

/** One attempt to bring a derivation up to date, as it is recorded. A job is a run. */
export const Run = z.object({
  id: Uuid,
  tenant_id: Uuid,
  blob_id: Uuid,
  epoch: z.int(),
  provider_id: z.string(),
  provider_version: z.string(),
  key: Sha256.nullable(),
  inputs: z.array(ClaimInput),
  outcome: RunOutcome,
  version: VersionNumber.nullable(),
  content_hash: Sha256.nullable(),
  attempts: z.int(),
  duration_ms: z.number(),
  usage: Usage,
  workflow_id: z.string(),
  caused_by: Uuid.nullable(),
  error: ProblemSchema.nullable(),
  finished_at: Timestamp,
})
export type Run = z.infer<typeof Run>
