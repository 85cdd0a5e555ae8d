import { z } from 'zod'
import { Budget, PauseReason, Spent } from './budget.ts'
import { Timestamp, Uuid } from './common.ts'
import { PublicationStanding } from './publication.ts'
import { NodeState, RunOutcome, Usage } from './run.ts'

/** paused: it begins no run, what is under way ends · cancelled: what it had not done was given up · settled: nothing of it waits or runs */
export const CascadeState = z.enum(['running', 'paused', 'cancelled', 'settled'])
export type CascadeState = z.infer<typeof CascadeState>

/** What may be asked of a cascade. */
export const CascadeAction = z.enum(['pause', 'resume', 'cancel', 'retry-failed'])
export type CascadeAction = z.infer<typeof CascadeAction>

/** The work that one change caused, planned against done. */
export const Cascade = z.object({
  id: Uuid,
  tenant_id: Uuid,
  root_id: Uuid,
  /** The change; null: it was asked for by hand. */
  delta_id: Uuid.nullable(),
  started_at: Timestamp,
  /** null: it is under way. */
  settled_at: Timestamp.nullable(),
  state: CascadeState,
  paused: z.object({ by: PauseReason, at: Timestamp }).nullable(),
  budget: Budget,
  /** What counts against the budget: runs that were begun, those included that newer changes or a cancellation took away. */
  spent: Spent,
  /** Marks: nodes that the change made dirty, each again where it is tried again. Nodes without a run came out fresh, or a newer change took them over. */
  planned: z.int().min(0),
  /** Nodes that it has not settled, by state. */
  open: z.partialRecord(NodeState, z.int().min(1)),
  /** Runs that have ended, by outcome. */
  runs: z.partialRecord(RunOutcome, z.int().min(1)),
  /** What these took in all. */
  usage: Usage.extend({ duration_ms: z.number().min(0) }),
  /** Whether readers see what is published together of its root, and below it; null: nothing is. */
  publication: PublicationStanding.omit({ version: true }).nullable(),
})
export type Cascade = z.infer<typeof Cascade>
