import { z } from 'zod'
import { Cascade } from './cascade.ts'
import { Sha256, Timestamp, Uuid } from './common.ts'
import { ProblemSchema } from './problem.ts'
import { NodeState } from './run.ts'

/** One blob as dag knows it. `version` 0: derived, and not made yet. */
export const GraphNode = z.object({
  blob_id: Uuid,
  version: z.int().min(0),
  content_hash: Sha256.nullable(),
  content_type: z.string().nullable(),
  provider_id: z.string().nullable(),
  provider_version: z.string().nullable(),
  state: NodeState,
  level: z.int().min(0),
  last_run_id: Uuid.nullable(),
  last_run_at: Timestamp.nullable(),
  error: ProblemSchema.nullable(),
})
export type GraphNode = z.infer<typeof GraphNode>

export const GraphEdge = z.object({ source_id: Uuid, target_id: Uuid, input: z.string(), ordinal: z.int().min(0) })
export type GraphEdge = z.infer<typeof GraphEdge>

/** All that depends on a blob, itself included, by levels (longest way from it). `settled`: nothing of it is dirty, running or blocked by a crash. */
export const Graph = z.object({
  root_id: Uuid,
  nodes: z.array(GraphNode),
  edges: z.array(GraphEdge),
  levels: z.array(z.array(Uuid)),
  settled: z.boolean(),
})
export type Graph = z.infer<typeof Graph>

/**
 * One blob as dag had it then. `since` is when dag took over this version (in microseconds, so that it can be asked for again), `run_id` the run that
 * made it. `version` 0: derived, and not made yet. `output_hash`: what the provider had made, where a user's edit made something else of it; a derived version
 * without a run is the user's own.
 */
export const PastNode = GraphNode.pick({
  blob_id: true,
  version: true,
  content_hash: true,
  content_type: true,
  provider_id: true,
  provider_version: true,
  level: true,
}).extend({
  deleted: z.boolean(),
  output_hash: Sha256.nullable(),
  run_id: Uuid.nullable(),
  since: Timestamp.nullable(),
})
export type PastNode = z.infer<typeof PastNode>

/**
 * The graph below a blob as it was at `at`: the derivations that there were, each blob at its version then. A version counts from the moment at which
 * dag took it over, which is a little after it was written. `cascade` is the one that was asked for.
 */
export const PastGraph = Graph.omit({ nodes: true, settled: true }).extend({
  at: Timestamp,
  cascade: Cascade.pick({ id: true, root_id: true, delta_id: true, started_at: true, settled_at: true }).nullable(),
  nodes: z.array(PastNode),
})
export type PastGraph = z.infer<typeof PastGraph>
