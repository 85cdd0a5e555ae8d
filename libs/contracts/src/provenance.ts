import { z } from 'zod'
import { Sha256, Uuid, VersionNumber } from './common.ts'
import { Run } from './run.ts'

/**
 * One version that went into another. `run` made it; where no run did, a user's delta `delta_id` did (or a run that was overtaken before it was recorded:
 * the delta tells). `output_hash`: what the run made, where it was merged with a user's edit.
 */
export const ProvenanceNode = z.object({
  blob_id: Uuid,
  version: VersionNumber,
  content_hash: Sha256.nullable(),
  content_type: z.string().nullable(),
  output_hash: Sha256.nullable(),
  run: Run.pick({
    id: true,
    provider_id: true,
    provider_version: true,
    key: true,
    outcome: true,
    workflow_id: true,
    finished_at: true,
  }).nullable(),
  delta_id: Uuid.nullable(),
})
export type ProvenanceNode = z.infer<typeof ProvenanceNode>

/** The run that made the target read the source under this input, at this place. */
export const ProvenanceEdge = z.object({
  source_id: Uuid,
  source_version: VersionNumber,
  target_id: Uuid,
  target_version: VersionNumber,
  input: z.string(),
  ordinal: z.int().min(0),
})
export type ProvenanceEdge = z.infer<typeof ProvenanceEdge>

/** Exactly which versions of which blobs made one version, by which runs, up to the sources: each version once, the one asked for first. */
export const Provenance = z.object({
  blob_id: Uuid,
  version: VersionNumber,
  nodes: z.array(ProvenanceNode),
  edges: z.array(ProvenanceEdge),
})
export type Provenance = z.infer<typeof Provenance>
