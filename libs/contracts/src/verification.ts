import { z } from 'zod'
import { Sha256, Timestamp, Uuid } from './common.ts'
import { ProblemSchema } from './problem.ts'

const count = z.int().min(0)

/** One thing that is not as it must be; `code` is one of those in verify/src/findings.ts. */
export const VerificationFinding = z.object({
  code: z.string(),
  meaning: z.string(),
  /** null where it belongs to no blob, or to no version. */
  blob_id: Uuid.nullable(),
  version: z.int().nullable(),
  /** The hashes, ids or number in which the two sides differ, and never content; null where the difference is of another kind. */
  expected: z.string().nullable(),
  found: z.string().nullable(),
})
export type VerificationFinding = z.infer<typeof VerificationFinding>

/** What a verification found. It is sound where the roots are equal and `divergences` is 0. */
export const VerificationReport = z.object({
  /** The moment that it looked at. */
  as_of: Timestamp,
  blobs: count,
  versions: count,
  contents: count,
  derivations: count,
  /** Versions of derived blobs that stand under an edit of a user. */
  overlays: count,
  runs: count,
  /** Runs of another configuration than their node has now: their outputs were compared with versions, and not made again. */
  unverifiable_runs: count,
  memos: count,
  facts: count,
  /** Merkle roots over (blob, head hash): as all must be, and as blob has it. */
  expected_root: Sha256,
  found_root: Sha256,
  divergences: count,
  /** How many there are of each code. */
  codes: z.record(z.string(), count),
  /** The first 1,000 of them. */
  findings: z.array(VerificationFinding).max(1000),
})
export type VerificationReport = z.infer<typeof VerificationReport>

/** A job that proves a tenant's history and heads right, or names what is not. */
export const Verification = z.object({
  id: Uuid,
  tenant_id: Uuid,
  state: z.enum(['running', 'done', 'failed']),
  started_at: Timestamp,
  ended_at: Timestamp.nullable(),
  /** Once it is done. */
  report: VerificationReport.nullable(),
  /** Where it failed: nothing is known then. */
  error: ProblemSchema.nullable(),
})
export type Verification = z.infer<typeof Verification>
