import { z } from 'zod'
import { Timestamp, Uuid } from './common.ts'
import { RunOutcome, Usage } from './run.ts'

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
  /** Nodes that the change made dirty: as many runs at most. Nodes without a run came out fresh, or a newer change took them over. */
  planned: z.int().min(0),
  /** Runs that have ended, by outcome. */
  runs: z.partialRecord(RunOutcome, z.int().min(1)),
  /** What these took in all. */
  usage: Usage.extend({ duration_ms: z.number().min(0) }),
})
export type Cascade = z.infer<typeof Cascade>
